"""The catalog: every dataset is described, drawn in a layer, and there for every node."""

import re
from typing import Any

import pytest
from kedro.pipeline import Pipeline
from runs import registered_pipelines

from fruits_kedro.hooks.configuration import FruitsConfigLoader
from fruits_kedro.settings import CONFIG_LOADER_ARGS

LAYERS = ("raw", "intermediate", "feature", "model_input", "models", "model_output", "reporting")


@pytest.fixture(scope="module")
def catalog(project):
    return FruitsConfigLoader(str(project / "conf"), **CONFIG_LOADER_ARGS)["catalog"]


def named(catalog: dict[str, Any]) -> dict[str, Any]:
    """The entries of the catalog that are no patterns."""
    return {name: entry for name, entry in catalog.items() if name[0] not in "_{"}


def entries_in_use(catalog: dict[str, Any]) -> dict[str, Any]:
    """Entries of the datasets of all pipelines, but for values in memory."""
    whole = sum(registered_pipelines().values(), Pipeline([]))
    reports = {name for name in whole.datasets() if name.endswith("_report")}
    return dict.fromkeys(sorted(reports), catalog["{name}_report"]) | named(catalog)


def test_every_dataset_has_a_layer_and_a_description(catalog):
    entries = {name: entry.get("metadata", {}) for name, entry in named(catalog).items()}
    layers = {name: data.get("kedro-viz", {}).get("layer") for name, data in entries.items()}
    assert {name: layer for name, layer in layers.items() if layer not in LAYERS} == {}
    sentences = {name: data.get("description", "") for name, data in entries.items()}
    assert {n: s for n, s in sentences.items() if not re.fullmatch(r"[A-Z0-9].*\.", s)} == {}


def test_a_value_in_memory_is_made_and_taken(catalog):
    """The catalog takes every name that it does not have for one in memory: also a misspelt one."""
    whole = sum(registered_pipelines().values(), Pipeline([]))
    names = {name for name in whole.datasets() if not name.startswith("params:")} - catalog.keys()
    by_hooks = {"run_facts"}
    in_memory = {name for name in names if not name.endswith("_report")} - by_hooks
    taken = {name for node in whole.nodes for name in node.inputs}
    assert in_memory <= whole.all_outputs() & taken
    assert len(named(catalog)) > 20


def test_no_group_makes_what_belongs_before_what_it_takes(catalog):
    """Kedro-Viz would draw no layers at all: for it a closed group is one step."""
    layers = {
        name: LAYERS.index(entry["metadata"]["kedro-viz"]["layer"])
        for name, entry in entries_in_use(catalog).items()
    }
    backwards = []
    for name, whole in registered_pipelines().items():
        for group in {node.namespace for node in whole.nodes}:
            part = whole.only_nodes_with_namespaces([group])
            made = part.outputs() | ((whole - part).inputs() & part.all_outputs())
            pairs = [(a, b) for a in part.inputs() & layers.keys() for b in made & layers.keys()]
            backwards += [(name, *pair) for pair in pairs if layers[pair[0]] > layers[pair[1]]]
    assert backwards == []
