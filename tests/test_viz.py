"""Kedro-Viz of a finished run: every pipeline, dataset and preview, made where there is no Java."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from browser import opened, served
from runs import BIN, PIPELINES, copy_project, output, registered_pipelines

PREVIEWED = {
    "raw_images": "ImagePreview",
    "photographs": "TablePreview",
    "features": "TablePreview",
    "reduced_features_csv": "TablePreview",
    "backbone": "JSONPreview",
    "reducer": "JSONPreview",
    "classifier": "JSONPreview",
    "metrics": "JSONPreview",
    "confusions": "TablePreview",
    "scree_plot": "PlotlyPreview",
    "tsne_map": "PlotlyPreview",
    "confusion_matrix": "PlotlyPreview",
}


@pytest.fixture(scope="module")
def site(whole_run, tmp_path_factory) -> Path:
    """The folder `build` of `kedro viz build`."""
    project = copy_project(tmp_path_factory.mktemp("viz"))
    assert not [name for name in os.listdir(BIN) if name.startswith("java")]
    places = {"FRUITS_STORAGE": str(whole_run.storage), "FRUITS_IMAGES": str(whole_run.images)}
    words = ("kedro", "viz", "build", "--include-previews")
    output(project, *words, PATH=str(BIN), JAVA_HOME=None, **places)
    return project / "build"


@pytest.fixture(scope="module")
def graph(site) -> dict[str, Any]:
    return json.loads((site / "api" / "main").read_text())


def named(graph: dict[str, Any], kind: str) -> dict[str, Any]:
    return {node["name"]: node for node in graph["nodes"] if node["type"] == kind}


def test_every_pipeline_is_there_as_a_group_with_its_nodes_and_datasets(graph):
    assert {pipeline["id"] for pipeline in graph["pipelines"]} >= set(PIPELINES)
    default = registered_pipelines()["__default__"]
    assert named(graph, "task").keys() == {node.short_name for node in default.nodes}
    datasets = {name for name in default.datasets() if not name.startswith("params:")}
    assert named(graph, "data").keys() == datasets
    groups = {node.namespace for node in default.nodes}
    assert named(graph, "modularPipeline").keys() == groups


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_pipeline_has_layers(site, pipeline):
    """Kedro-Viz shows no layer at all where data of a later layer goes into an earlier one."""
    found = json.loads((site / "api" / "pipelines" / pipeline).read_text())
    assert found["layers"]
    drawn = {node["layer"] for node in named(found, "data").values()}
    assert drawn <= {*found["layers"], None}, "None is of datasets in memory"


@pytest.mark.parametrize(("name", "kind"), PREVIEWED.items())
def test_data_is_previewed(site, graph, name, kind):
    node = json.loads((site / "api" / "nodes" / named(graph, "data")[name]["id"]).read_text())
    assert node["preview_type"] == kind
    assert node["preview"]
    if kind == "ImagePreview":
        assert base64.b64decode(node["preview"]).startswith(b"\x89PNG")
    if kind == "TablePreview":
        assert node["preview"]["data"]


# Kedro-Viz asks for a font on the web, and for what only its server knows.
ELSEWHERE = ("fonts.googleapis.com", "ERR_", "404", "metadata fetch error")


def test_a_browser_shows_every_pipeline_dataset_and_a_chart(site, graph):
    charts = [node for name, node in named(graph, "data").items() if name == "scree_plot"]
    with served(site) as url, opened(f"{url}/?expandAllPipelines=true") as shown:
        page = shown.page
        page.wait_for_selector(".pipeline-node--task")
        drawn = page.locator(".pipeline-node--data .pipeline-node__text").all_text_contents()
        assert set(drawn) == set(named(graph, "data"))
        listed = page.locator(".pipeline-list .menu-option__content").all_text_contents()
        assert set(listed) >= set(PIPELINES)
        page.goto(f"{url}/?expandAllPipelines=true&sid={charts[0]['id']}")
        page.wait_for_selector(".pipeline-metadata .js-plotly-plot .bars")
        assert [e for e in shown.errors if not any(sign in e for sign in ELSEWHERE)] == []
