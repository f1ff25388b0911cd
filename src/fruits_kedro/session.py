"""The session of ``kedro run``: Kedro's own, with the incremental runner by default."""

import difflib
import pkgutil
from typing import Any

from kedro.framework.session import KedroSession
from kedro.runner import SequentialRunner

from fruits_kedro import pipelines
from fruits_kedro.errors import FruitsError
from fruits_kedro.runner import IncrementalRunner


class FruitsSession(KedroSession):
    """Replaces Kedro's default runner; one that was asked for (``--runner``) stays."""

    def run(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Run as ``KedroSession.run`` does, whose arguments these are.

        Raises:
            FruitsError: Where a pipeline's name is unknown.
        """
        _check_names(arguments.get("pipeline_names") or [arguments.get("pipeline_name")])
        if type(arguments.get("runner")) in (type(None), SequentialRunner):
            arguments["runner"] = IncrementalRunner()
        return super().run(**arguments)


def _check_names(names: list[str | None]) -> None:
    known = [module.name for module in pkgutil.iter_modules(pipelines.__path__)]
    for name in names:
        if name not in (None, "__default__", *known):
            nearest = difflib.get_close_matches(str(name), known, n=1)
            hint = f", did you mean {nearest[0]}?" if nearest else "."
            raise FruitsError(
                f"There is no pipeline {name}{hint} There are {', '.join(sorted(known))}."
            )
