"""Incremental runner: ``make`` for datasets."""

import hashlib
import inspect
import json
import logging
import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from kedro.framework.project import pipelines as registered
from kedro.io import CatalogProtocol, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from fruits_kedro import FruitsError

logger = logging.getLogger("fruits_kedro.cluster.progress")

RECORDS = "node_records"
"""Dataset of ``{node: {"inputs": digest, "outputs": {dataset: identity}}}``."""

ALWAYS = "always"
"""Tag of nodes that depend on more than their inputs, so they run every time."""

_LIBRARIES = ("ai-edge-litert", "numpy", "pi-heif", "pillow", "pyarrow", "scikit-learn", "scipy")
"""Libraries whose version can change results."""

_SHARED = ("cluster", "datasets", "model", "parameters", "photos", "storage")
"""Packages that any node can depend on."""

_IMPORT = re.compile(r"from fruits_kedro\.pipelines(?:\.| import )([\w, ]+)")


class IncrementalRunner(SequentialRunner):
    """``make`` for datasets: skips a node whose inputs, parameters and code are unchanged.

    A node is up to date if its inputs, its code and the libraries that decide numbers are those of
    its last run, and its outputs are still the ones it wrote. Nodes are pure, so an in-memory value
    is identified by what it is made from, and its node runs only if a node that reads it runs.
    Nodes tagged ``always`` run every time.
    """

    def run(self, pipeline: Pipeline, catalog: Any, *arguments: Any, **options: Any) -> Any:
        """Run ``pipeline``, together with nodes outside it whose in-memory outputs it reads.

        Raises FruitsError if no registered node makes an in-memory input.
        """
        return super().run(_complete(pipeline, catalog), catalog, *arguments, **options)

    # Kedro documents `_run` as the method for custom runners to override.
    def _run(
        self,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        states = _States(pipeline, catalog)
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
            states.release(node)

        def log(node: Node, what: str = "") -> None:
            place = f"[{positions[node.name]}/{len(positions)}] {node.short_name}"
            logger.info("%s: %s", place, what or _purpose(node))

        for node in pipeline.nodes:
            inputs = states.digest(node)
            if inputs and not pipeline.outputs() & set(node.outputs) and states.passing(node):
                waiting.update(dict.fromkeys(node.outputs, node))
            elif inputs and states.is_up_to_date(node, inputs):
                log(node, "unchanged")
                states.release(node)
            else:
                run(node)
                states.record(node, inputs)

    # Private in Kedro. If it moves, a failed run also prints Kedro's advice (`--from-nodes …`):
    # find what prints it now, or drop this. tests/test_runner.py names it.
    def _suggest_resume_scenario(self, *_: Any, **__: Any) -> None:
        logger.warning("The run stopped. Run the same command to resume")


class _States:
    """Identities of the datasets of a run, and the records of earlier runs."""

    def __init__(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        self._catalog = catalog
        self._records = _load_records(catalog)
        self._made = pipeline.all_outputs()
        self._derived: dict[str, str] = {}
        self._kept = pipeline.inputs() | pipeline.outputs()
        self._readers = Counter(name for node in pipeline.nodes for name in node.inputs)

    def digest(self, node: Node) -> str | None:
        """Digest of inputs, code and libraries, by which in-memory outputs are identified.

        None if an input cannot be identified, or the node runs every time.
        """
        inputs = None if ALWAYS in node.tags else self._identities(node.inputs)
        if inputs is None:
            return None
        text = json.dumps([node.name, _code_of(node), _libraries(), inputs], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._derived.update({name: digest for name in node.outputs if self._in_memory(name)})
        return digest

    def passing(self, node: Node) -> bool:
        """Whether all outputs of a node stay in memory."""
        return all(map(self._in_memory, node.outputs))

    def is_up_to_date(self, node: Node, inputs: str) -> bool:
        """Whether all outputs are stored, and those that a node would write."""
        record = {"inputs": inputs, "outputs": self._identities(node.outputs)}
        is_stored = not any(map(self._in_memory, node.outputs))
        return is_stored and self._records.get(node.name) == record

    def record(self, node: Node, inputs: str | None) -> None:
        """Store what a node read and wrote."""
        outputs = self._identities(node.outputs)
        if inputs and outputs and not self.passing(node):
            self._records[node.name] = {"inputs": inputs, "outputs": outputs}
            self._catalog[RECORDS].save(self._records)

    def release(self, node: Node) -> None:
        """Free in-memory values whose last reader was ``node``."""
        for name in node.inputs:
            self._readers[name] -= 1
            if not self._readers[name] and name not in self._kept and self._in_memory(name):
                self._catalog[name].release()

    def _identities(self, names: Iterable[str]) -> dict[str, str] | None:
        """Identities by name; None if one is unknown, without a look at those after it."""
        found: dict[str, str] = {}
        for name in names:
            known = self._identity(name)
            if known is None:
                return None
            found[name] = known
        return found

    def _identity(self, name: str) -> str | None:
        if _is_parameter(name):
            return repr(self._catalog.load(name))
        if name in self._made and self._in_memory(name):
            return self._derived.get(name)
        return identity(self._catalog[name])

    def _in_memory(self, name: str) -> bool:
        return isinstance(self._catalog[name], MemoryDataset)


def _complete(pipeline: Pipeline, catalog: Any) -> Pipeline:
    """``pipeline`` and the nodes that make its missing in-memory inputs."""
    nodes = (node for known in registered.values() for node in known.nodes)
    makers = {name: node for node in nodes for name in node.outputs}
    while missing := {name for name in pipeline.inputs() if _is_missing(name, catalog)}:
        unknown = sorted(missing - makers.keys())
        if unknown:
            raise FruitsError(
                f"This run needs the in-memory output {unknown[0]} of a node outside it: run the "
                "whole pipeline (kedro run --pipelines=NAME), unchanged nodes are skipped."
            )
        pipeline += Pipeline([makers[name] for name in missing])
    return pipeline


def _is_missing(name: str, catalog: Any) -> bool:
    if _is_parameter(name):
        return False
    dataset = catalog.get(name, fallback_to_runtime_pattern=True)
    return isinstance(dataset, MemoryDataset) and not dataset.exists()


def identity(dataset: Any) -> str | None:
    """Text that changes when a dataset's content does; None if it is missing or unknown.

    Datasets name it by ``snapshot_id()``, None if they are damaged; a value in memory is identified
    by its JSON. A missing dataset with ``missing_ok`` is identified as missing; one that is
    ``volatile`` always counts as unchanged.
    """
    if getattr(dataset, "volatile", False):
        return "volatile"
    found = None
    if hasattr(dataset, "snapshot_id"):
        found = dataset.snapshot_id()
    elif isinstance(dataset, MemoryDataset):
        with suppress(DatasetError, TypeError, ValueError):  # no value, or not plain data
            found = json.dumps(dataset.load(), sort_keys=True)
    # No folder of own photographs is identified by an empty text.
    return "missing" if found is None and getattr(dataset, "missing_ok", False) else found


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def _purpose(node: Node) -> str:
    """First sentence of the docstring of a node's function."""
    text = " ".join((inspect.getdoc(node.func) or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".")


def _load_records(catalog: CatalogProtocol) -> dict[str, Any]:
    # A pattern of the catalog can match an unset parameter.
    refresh = "params:refresh" in catalog and catalog.exists("params:refresh")
    if not (refresh and catalog.load("params:refresh")):
        with suppress(DatasetError):  # none or damaged ones only cost a rerun
            records = catalog[RECORDS].load()
            if isinstance(records, dict):
                return records
    return {}


# --- code and libraries --------------------------------------------------------------------------


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Versions of the packages that are installed; on a cluster Spark is not a Python package."""
    found = {}
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


@cache
def _libraries() -> Mapping[str, str]:
    """Versions of Python and of the libraries that decide numbers."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **versions_of(_LIBRARIES)}


def _code_of(node: Node) -> str:
    """Digest of the code that a node can depend on."""
    function = inspect.unwrap(getattr(node.func, "func", node.func))
    pipeline = re.match(r"fruits_kedro\.pipelines\.(\w+)", function.__module__)
    return code_digest(pipeline[1] if pipeline else None)


@cache
def code_digest(pipeline: str | None) -> str:
    """Digest of the code that nodes of one pipeline, or of none, can depend on.

    sha256 over the modules of the shared packages, and over every file of the pipeline's folder and
    of the pipelines that it imports from.
    """
    root = files("fruits_kedro")
    shared = [file for package in _SHARED for file in _files_below(root / package)]
    sources = [file for file in shared if file.name.endswith(".py")]
    todo, found = {pipeline} if pipeline else set(), set[str]()
    while todo:
        name = todo.pop()
        found.add(name)
        folder = root / "pipelines"
        own = [*_files_below(folder / f"{name}.py"), *_files_below(folder / name)]
        own = [file for file in own if not file.name.endswith(".pyc")]
        sources += own
        code = "".join(file.read_text() for file in own if file.name.endswith(".py"))
        todo |= set(re.findall(r"\w+", " ".join(_IMPORT.findall(code)))) - found
    digest = hashlib.sha256()
    for source in sorted(sources, key=str):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _files_below(entry: Traversable) -> Iterator[Traversable]:
    """A file, or all files of a folder; on a cluster the package lies in a zip file."""
    if entry.is_file():
        yield entry
    elif entry.is_dir():
        for inner in entry.iterdir():
            yield from _files_below(inner)
