"""The session of ``kedro run``: Kedro's own, with the incremental runner by default."""

from typing import Any

from kedro.framework.session import KedroSession
from kedro.runner import SequentialRunner

from fruits_kedro.runner import IncrementalRunner


class FruitsSession(KedroSession):
    """Replaces Kedro's default runner; one that was asked for (``--runner``) stays."""

    def run(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Run as ``KedroSession.run`` does, whose arguments these are."""
        if type(arguments.get("runner")) in (type(None), SequentialRunner):
            arguments["runner"] = IncrementalRunner()
        return super().run(**arguments)
