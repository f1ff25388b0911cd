"""The catalog: every dataset is described, drawn in a layer, and there for every node."""

import ast
import re
from pathlib import Path

import pytest
from runs import registered_pipelines

from fruits_kedro.hooks.configuration import FruitsConfigLoader
from fruits_kedro.settings import CONFIG_LOADER_ARGS

LAYERS = ("raw", "intermediate", "feature", "model_input", "models", "model_output", "reporting")


@pytest.fixture(scope="module")
def catalog(project):
    return FruitsConfigLoader(str(project / "conf"), **CONFIG_LOADER_ARGS)["catalog"]


def test_every_dataset_has_a_layer_and_a_description(catalog):
    entries = {name: entry.get("metadata", {}) for name, entry in catalog.items() if name[0] != "_"}
    layers = {name: data.get("kedro-viz", {}).get("layer") for name, data in entries.items()}
    assert {name: layer for name, layer in layers.items() if layer not in LAYERS} == {}
    sentences = {name: data.get("description", "") for name, data in entries.items()}
    assert {n: s for n, s in sentences.items() if not re.fullmatch(r"[A-Z0-9].*\.", s)} == {}


def test_every_dataset_of_a_pipeline_is_in_the_catalog(catalog):
    named = {name for pipeline in registered_pipelines().values() for name in pipeline.datasets()}
    unknown = {name for name in named if not name.startswith("params:")} - catalog.keys()
    assert unknown == set()


def test_no_group_makes_what_belongs_before_what_it_takes(catalog):
    """Kedro-Viz would draw no layers at all: for it a closed group is one step."""
    layers = {
        n: LAYERS.index(e["metadata"]["kedro-viz"]["layer"])
        for n, e in catalog.items()
        if n[0] != "_"
    }
    backwards = []
    for name, whole in registered_pipelines().items():
        for group in {node.namespace for node in whole.nodes}:
            part = whole.only_nodes_with_namespaces([group])
            made = part.outputs() | ((whole - part).inputs() & part.all_outputs())
            pairs = [(a, b) for a in part.inputs() & layers.keys() for b in made & layers.keys()]
            backwards += [(name, *pair) for pair in pairs if layers[pair[0]] > layers[pair[1]]]
    assert backwards == []


def test_previews_say_how_they_are_drawn(project):
    """Kedro-Viz goes by the name of the annotated type."""
    kinds = {"TablePreview", "JSONPreview", "PlotlyPreview", "ImagePreview", "HTMLPreview"}
    wrong = [
        f"{path.name}: {ast.unparse(node.returns) if node.returns else None}"
        for path in sorted((project / "src/fruits_kedro/datasets").glob("*.py"))
        for node in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "preview"
        if node.returns is None or ast.unparse(node.returns) not in kinds
    ]
    assert wrong == []
