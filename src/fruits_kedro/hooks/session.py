"""Kedro's session with the incremental runner."""

import pkgutil
from typing import Any

from kedro.framework.project import pipelines as registered
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from fruits_kedro import FruitsError, pipelines
from fruits_kedro.hooks.configuration import nearest_hint
from fruits_kedro.hooks.errors import as_sentences
from fruits_kedro.runner import IncrementalRunner

_NODES = ("from_nodes", "to_nodes", "node_names")
_FILTERS = (*_NODES, "tags", "from_inputs", "to_outputs", "namespaces")
"""Arguments of a session's run that choose nodes."""


class FruitsSession(KedroSession):
    """Session with this project's runner, whose expected errors are one sentence."""

    def run(self, **arguments: Any) -> Any:  # type: ignore[override]
        """Run as ``KedroSession.run`` does.

        Raises FruitsError if a pipeline, node, tag or dataset is unknown, the runner cannot run
        these pipelines, or an expected error occurs.
        """
        names = arguments.get("pipeline_names") or [arguments.get("pipeline_name")]
        _check_names(names)
        _complete_node_names(names, arguments)
        _check_filters(names, arguments)
        runner = arguments.get("runner") or SequentialRunner()
        if not isinstance(runner, SequentialRunner):
            raise FruitsError(
                f"{type(runner).__name__} cannot run these pipelines, whose nodes share one Spark "
                "session and already use every core: leave out --runner."
            )
        if type(runner) is SequentialRunner:
            arguments["runner"] = IncrementalRunner()
        with as_sentences():
            return super().run(**arguments)


def _complete_node_names(names: list[str | None], arguments: dict[str, Any]) -> None:
    """Accept ``plot_scree`` for the node ``reduction.plot_scree``."""
    asked = {name: arguments[name] for name in _NODES if arguments.get(name)}
    if asked:
        full = {node.short_name: node.name for node in _chosen(names).nodes}
        arguments.update({name: [full.get(n, n) for n in nodes] for name, nodes in asked.items()})


def _check_names(names: list[str | None]) -> None:
    known = [module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.ispkg]
    for name in names:
        if name not in (None, "__default__", *known):
            raise FruitsError(
                f"There is no pipeline {name}{nearest_hint(str(name), known, '.')} "
                f"Choose one of {', '.join(sorted(known))}."
            )


def _check_filters(names: list[str | None], arguments: dict[str, Any]) -> None:
    filters = {name: arguments[name] for name in _FILTERS if arguments.get(name)}
    if not filters:
        return
    if "namespaces" in filters:  # its name in Pipeline.filter
        filters["node_namespaces"] = filters.pop("namespaces")
    try:
        _chosen(names).filter(**filters)
    except ValueError as error:
        raise FruitsError(
            f"Nothing can be run ({str(error).rstrip('.')}): kedro registry describe PIPELINE "
            "lists the nodes of a pipeline."
        ) from error


def _chosen(names: list[str | None]) -> Pipeline:
    return sum((registered[name or "__default__"] for name in names), Pipeline([]))
