"""The session of ``kedro run``: Kedro's own, with the incremental runner by default."""

import difflib
import pkgutil
from typing import Any

from kedro.framework.project import pipelines as registered
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from fruits_kedro import FruitsError, pipelines
from fruits_kedro.runner import IncrementalRunner

_FILTERS = {
    "tags": "tags",
    "from_nodes": "from_nodes",
    "to_nodes": "to_nodes",
    "node_names": "node_names",
    "from_inputs": "from_inputs",
    "to_outputs": "to_outputs",
    "namespaces": "node_namespaces",
}
"""Arguments of a session's run, and what a pipeline calls them."""

_NODES = ("from_nodes", "to_nodes", "node_names")


class FruitsSession(KedroSession):
    """Replaces Kedro's default runner; one that was asked for (``--runner``) stays."""

    def run(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Run as ``KedroSession.run`` does, whose arguments these are.

        Raises:
            FruitsError: Where the name of a pipeline, node, tag or dataset is unknown.
        """
        names = arguments.get("pipeline_names") or [arguments.get("pipeline_name")]
        _check_names(names)
        _complete_node_names(names, arguments)
        _check_filters(names, arguments)
        if type(arguments.get("runner")) in (type(None), SequentialRunner):
            arguments["runner"] = IncrementalRunner()
        return super().run(**arguments)


def _complete_node_names(names: list[str | None], arguments: dict[str, Any]) -> None:
    """Let a node be called without its pipeline: ``plot_scree`` for ``reduction.plot_scree``."""
    asked = {name: arguments[name] for name in _NODES if arguments.get(name)}
    if asked:
        full = {node.short_name: node.name for node in _chosen(names).nodes}
        arguments.update({name: [full.get(n, n) for n in nodes] for name, nodes in asked.items()})


def _check_names(names: list[str | None]) -> None:
    known = [module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.ispkg]
    for name in names:
        if name not in (None, "__default__", *known):
            nearest = difflib.get_close_matches(str(name), known, n=1)
            hint = f", did you mean {nearest[0]}?" if nearest else "."
            raise FruitsError(
                f"There is no pipeline {name}{hint} There are {', '.join(sorted(known))}."
            )


def _check_filters(names: list[str | None], arguments: dict[str, Any]) -> None:
    filters = {other: arguments[name] for name, other in _FILTERS.items() if arguments.get(name)}
    if not filters:
        return
    try:
        _chosen(names).filter(**filters)
    except ValueError as error:
        raise FruitsError(
            f"Nothing can be run ({str(error).rstrip('.')}): kedro registry describe PIPELINE "
            "names the nodes of a pipeline."
        ) from error


def _chosen(names: list[str | None]) -> Pipeline:
    return sum((registered[name or "__default__"] for name in names), Pipeline([]))
