"""A sequential run that leaves out what would come out the same."""

import hashlib
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

logger = logging.getLogger("fruits_kedro.progress")

RECORDS = "node_records"
"""Dataset of ``{node: {"inputs": digest, "outputs": {dataset: identity}}}``."""


class IncrementalRunner(SequentialRunner):
    """Runs nodes in order, but not those whose inputs and outputs are as they left them.

    A node is left out when its inputs (snapshots, files, parameters) and the project's code have
    not changed since it last ran, and its outputs are still those it wrote. Nodes that take or
    give something in memory always run. What a build tool does for files, for datasets.
    """

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        records = _load_records(catalog)
        nodes = pipeline.nodes
        for position, node in enumerate(nodes, start=1):
            inputs = _digest_inputs(node, catalog)
            if inputs and _is_up_to_date(node, catalog, inputs, records):
                logger.info("[%d/%d] %s: unchanged", position, len(nodes), node.short_name)
                continue
            logger.info("[%d/%d] %s", position, len(nodes), node.short_name)
            super()._run(Pipeline([node]), catalog, hook_manager, run_id)
            outputs = _identities(node.outputs, catalog)
            if inputs and outputs:
                records[node.name] = {"inputs": inputs, "outputs": outputs}
                catalog[RECORDS].save(records)

    def _suggest_resume_scenario(self, *_: Any, **__: Any) -> None:
        """Kedro would name the nodes to go on from; here the same command does."""
        logger.warning("The run stopped; the same command goes on from what was finished")


def _load_records(catalog: CatalogProtocol) -> dict[str, Any]:
    started_over = "params:refresh" in catalog and catalog.load("params:refresh")
    if started_over or not catalog[RECORDS].exists():
        return {}
    try:
        records = catalog[RECORDS].load()
    except DatasetError:  # damaged records cost time and nothing else
        return {}
    return records if isinstance(records, dict) else {}


def _is_up_to_date(
    node: Node, catalog: CatalogProtocol, inputs: str, records: dict[str, Any]
) -> bool:
    outputs = _identities(node.outputs, catalog)
    return outputs is not None and records.get(node.name) == {"inputs": inputs, "outputs": outputs}


def _digest_inputs(node: Node, catalog: CatalogProtocol) -> str | None:
    """A digest of the code and of every input, or None where an input is only in memory."""
    inputs = _identities(node.inputs, catalog)
    if inputs is None:
        return None
    text = json.dumps([node.name, _code(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _identities(names: Iterable[str], catalog: CatalogProtocol) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for name in names:
        known = _identity(name, catalog)
        if known is None:
            return None
        found[name] = known
    return found


def _identity(name: str, catalog: CatalogProtocol) -> str | None:
    if name == "parameters" or name.startswith("params:"):
        return repr(catalog.load(name))
    dataset = catalog[name]
    return None if isinstance(dataset, MemoryDataset) else identity(dataset)


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
        elif entry.name.endswith(".py"):
            yield entry
