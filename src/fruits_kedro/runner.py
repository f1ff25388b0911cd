"""A sequential run that leaves out what would come out the same."""

import hashlib
import inspect
import json
import logging
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from kedro.io import CatalogProtocol, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from fruits_kedro.storage.identity import identity

logger = logging.getLogger("fruits_kedro.cluster.progress")

RECORDS = "node_records"
"""Dataset of ``{node: {"inputs": digest, "outputs": {dataset: identity}}}``."""


ALWAYS = "always"
"""Tag of nodes whose inputs do not tell everything that they depend on."""


class IncrementalRunner(SequentialRunner):
    """Runs nodes in order, but not those whose inputs and outputs are as they left them.

    A node is left out when its inputs (snapshots, files, parameters) and the project's code have
    not changed since it last ran, and its outputs are still those it wrote. What a build tool does
    for files, for datasets. Nodes are pure, so an output that is only in memory is known by what it
    comes from: its node waits until one that runs takes it. Nodes tagged ``always`` always run.
    """

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        states = _States(catalog)
        positions = {node.name: n for n, node in enumerate(pipeline.nodes, start=1)}
        waiting: dict[str, Node] = {}

        def run(node: Node) -> None:
            for name in node.inputs:
                if name in waiting:
                    run(waiting[name])
            for name in node.outputs:
                waiting.pop(name, None)
            log(node)
            super(IncrementalRunner, self)._run(Pipeline([node]), catalog, hook_manager, run_id)

        def log(node: Node, what: str = "") -> None:
            place = f"[{positions[node.name]}/{len(positions)}] {node.short_name}"
            logger.info("%s: %s", place, what or _purpose(node))

        for node in pipeline.nodes:
            inputs = None if ALWAYS in node.tags else states.digest(node)
            states.derive(node, inputs)
            if inputs and not pipeline.outputs() & set(node.outputs) and states.passing(node):
                waiting.update(dict.fromkeys(node.outputs, node))
            elif inputs and states.is_up_to_date(node, inputs):
                log(node, "unchanged")
            else:
                run(node)
                states.record(node, inputs)

    def _suggest_resume_scenario(self, *_: Any, **__: Any) -> None:
        """Kedro would name the nodes to go on from; here the same command does."""
        logger.warning("The run stopped; the same command goes on from what was finished")


class _States:
    """What is known of the datasets of a run, and of the runs before."""

    def __init__(self, catalog: CatalogProtocol) -> None:
        self._catalog = catalog
        self._records = _load_records(catalog)
        self._derived: dict[str, str] = {}

    def digest(self, node: Node) -> str | None:
        """A digest of the code and of every input, or None where nothing is known of one."""
        inputs = self._identities(node.inputs)
        if inputs is None:
            return None
        text = json.dumps([node.name, _code(), inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def derive(self, node: Node, inputs: str | None) -> None:
        """Let outputs in memory be known by the digest of what they come from."""
        for name in node.outputs:
            if inputs and self._in_memory(name):
                self._derived[name] = inputs

    def passing(self, node: Node) -> bool:
        """Whether a node leaves nothing behind but values in memory."""
        return all(self._in_memory(name) for name in node.outputs)

    def is_up_to_date(self, node: Node, inputs: str) -> bool:
        """Whether a node would write again what it wrote."""
        kept = not any(self._in_memory(name) for name in node.outputs)
        outputs = self._identities(node.outputs)
        return (
            kept
            and outputs is not None
            and self._records.get(node.name) == _record(inputs, outputs)
        )

    def record(self, node: Node, inputs: str | None) -> None:
        """Remember what a node took and gave."""
        outputs = self._identities(node.outputs)
        if inputs and outputs and not self.passing(node):
            self._records[node.name] = _record(inputs, outputs)
            self._catalog[RECORDS].save(self._records)

    def _identities(self, names: Iterable[str]) -> dict[str, str] | None:
        found: dict[str, str] = {}
        for name in names:
            known = self._identity(name)
            if known is None:
                return None
            found[name] = known
        return found

    def _identity(self, name: str) -> str | None:
        if name == "parameters" or name.startswith("params:"):
            return repr(self._catalog.load(name))
        if self._in_memory(name):
            return self._derived.get(name)
        return identity(self._catalog[name])

    def _in_memory(self, name: str) -> bool:
        return isinstance(self._catalog[name], MemoryDataset)


def _purpose(node: Node) -> str:
    """The first sentence of what a node's function says of itself."""
    text = " ".join((inspect.getdoc(node.func) or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".")


def _record(inputs: str, outputs: dict[str, str]) -> dict[str, Any]:
    return {"inputs": inputs, "outputs": outputs}


def _load_records(catalog: CatalogProtocol) -> dict[str, Any]:
    started_over = "params:refresh" in catalog and catalog.load("params:refresh")
    if started_over or not catalog[RECORDS].exists():
        return {}
    try:
        records = catalog[RECORDS].load()
    except DatasetError:  # damaged records cost time and nothing else
        return {}
    return records if isinstance(records, dict) else {}


@cache
def _code() -> str:
    """A digest of the package's sources: what a changed node would compute is not known."""
    digest = hashlib.sha256()
    for source in sorted(_sources(files("fruits_kedro")), key=str):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _sources(folder: Any) -> Iterable[Any]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith((".py", ".j2", ".css", ".js", ".html")):
            yield entry
