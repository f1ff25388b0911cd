"""One catalog for every environment; reading the project starts nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import setting_problems
from fruits_kedro.datasets import RawImagesDataset, TableDataset
from fruits_kedro.pipeline_registry import DEFAULT
from fruits_kedro.storage import schemas

BUCKETS = {"images": "s3://photos/fruits", "storage": "s3://results/run"}
CATALOG = Path(__file__).resolve().parents[1] / "conf" / "base" / "catalog.yml"
ENTRIES = {
    name: entry
    for name, entry in yaml.safe_load(CATALOG.read_text()).items()
    if not name.startswith("_") and "{" not in name
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch) -> None:
    for name in ("FRUITS_IMAGES", "FRUITS_STORAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def context(project):
    """The context of an environment with runtime parameters, as a run has it."""
    bootstrap_project(project)

    def load(environment: str, **runtime_params: Any):
        with KedroSession.create(
            project_path=project, env=environment, runtime_params=runtime_params
        ) as session:
            return session.load_context()

    return load


def filepaths(context) -> dict[str, str]:
    catalog = context.config_loader["catalog"]
    return {name: catalog[name]["filepath"] for name in ENTRIES if "filepath" in catalog[name]}


@pytest.mark.parametrize("environment", ["local", "emr"])
def test_every_dataset_of_the_catalog_loads_by_type(context, environment):
    catalog = context(environment, **BUCKETS).catalog
    for name, entry in ENTRIES.items():
        dataset = catalog.get(name)
        assert f"{type(dataset).__module__}.{type(dataset).__name__}".endswith(
            entry["type"].rsplit(".", 1)[-1]
        ), name


@pytest.mark.parametrize("named", ["parameter", "variable"])
def test_the_master_of_a_cluster_is_named_by_the_run(context, monkeypatch, named):
    master = "spark://host:7077"
    monkeypatch.setenv("FRUITS_SPARK_MASTER", master if named == "variable" else "spark://other:1")
    parameter = {"master": master} if named == "parameter" else {}
    settings = context("cluster", **BUCKETS, **parameter).config_loader["spark"]
    assert settings["spark.master"] == master
    assert list(setting_problems(settings)) == []


def test_a_cluster_without_a_master_is_told(context, monkeypatch):
    monkeypatch.delenv("FRUITS_SPARK_MASTER", raising=False)
    with pytest.raises(FruitsError, match=r"spark\.master is 'not-set': give a master such as"):
        context("cluster", **BUCKETS)


@pytest.mark.parametrize("environment", ["local", "emr"])
def test_every_dataset_follows_images_and_storage(context, environment):
    paths = filepaths(context(environment, **BUCKETS))
    assert paths.pop("raw_images") == "s3://photos/fruits"
    assert paths.pop("node_records") == "s3://results/run/.node_records.json"
    astray = {n: p for n, p in paths.items() if not p.startswith("s3://results/run/0")}
    assert astray == {}


def test_table_names_are_schemas():
    tables = {name: entry["table"] for name, entry in ENTRIES.items() if "table" in entry}
    unknown = {name: table for name, table in tables.items() if not hasattr(schemas, table)}
    assert tables
    assert unknown == {}


def test_every_dataset_is_used_by_a_pipeline_or_hook(project):
    bootstrap_project(project)
    from fruits_kedro.pipeline_registry import register_pipelines

    used = {name for p in register_pipelines().values() for name in p.datasets()}
    by_hook_or_runner = {"timings", "node_records"}
    assert set(ENTRIES) - used - by_hook_or_runner == set()


def test_the_cluster_repeats_no_dataset(project):
    names = {path.name for path in (project / "conf" / "emr").iterdir()}
    assert names == {"globals.yml", "spark.yml"}
    assert set(yaml.safe_load((project / "conf" / "emr" / "globals.yml").read_text())) == {
        "images",
        "storage",
        "tracking",
    }


def test_nothing_the_cluster_needs_lives_in_local(project):
    tracked = subprocess.run(
        ["git", "ls-files", "conf/local"], cwd=project, capture_output=True, text=True, check=True
    )
    assert tracked.stdout.split() == ["conf/local/.gitkeep"]


def test_a_parameter_comes_before_a_variable_before_globals(context, monkeypatch):
    datasets = {"images": "raw_images", "storage": "features"}

    def places(**parameters: str) -> list[str]:
        paths = filepaths(context("local", **parameters))
        return [paths[dataset] for dataset in datasets.values()]

    default = places()
    for name in datasets:
        monkeypatch.setenv(f"FRUITS_{name.upper()}", "s3://by-variable")
    by_variable = places()
    by_parameter = places(**dict.fromkeys(datasets, "s3://by-parameter"))
    assert not [path for path in default if path.startswith("s3://")]
    assert all(path.startswith("s3://by-variable") for path in by_variable)
    assert all(path.startswith("s3://by-parameter") for path in by_parameter)


def test_without_options_the_sample_is_read_and_data_written(context, project):
    catalog = context("local").catalog
    assert isinstance(catalog.get("raw_images"), RawImagesDataset)
    described = catalog.get("raw_images")._describe()["filepath"]
    assert (project / described).resolve() == project / "data" / "01_raw" / "sample"
    features = catalog.get("features")._describe()["filepath"]
    assert (project / features).resolve() == project / "data" / "04_feature" / "features"


def test_an_empty_variable_is_as_none(context, monkeypatch):
    monkeypatch.setenv("FRUITS_STORAGE", "")
    assert filepaths(context("local"))["features"].endswith("data/04_feature/features")


@pytest.mark.parametrize("path", ["/photos/a b, c", "/photos/é:1", "~/photos"])
def test_a_path_in_a_variable_is_taken_as_it_is(context, monkeypatch, path):
    monkeypatch.setenv("FRUITS_IMAGES", path)
    assert context("local").catalog.get("raw_images")._describe()["filepath"].endswith(path)


def test_refresh_reaches_every_growing_table(context):
    tables = {n for n, e in ENTRIES.items() if e.get("mode") in ("add", "read")}
    growing = tables | {"known_backbones"}
    catalog = context("local", refresh=True).catalog
    datasets = {name: catalog.get(name) for name in tables}
    assert tables
    assert all(isinstance(d, TableDataset) for d in datasets.values())
    assert {n for n, e in ENTRIES.items() if "refresh" in e} == growing
    for refresh in (True, False):
        entries = context("local", refresh=refresh).config_loader["catalog"]
        assert {entries[name]["refresh"] for name in growing} == {refresh}


REGISTER = """
import json, sys
from pathlib import Path
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path(sys.argv[1]))
from fruits_kedro.pipeline_registry import register_pipelines
names = {name: len(pipeline.nodes) for name, pipeline in register_pipelines().items()}
heavy = [name for name in ("pyspark", "tensorflow", "keras", "sklearn", "plotly", "py4j")
         if name in sys.modules]
print(json.dumps({"names": names, "heavy": heavy}))
"""


@pytest.fixture
def without_java() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "JAVA_HOME"} | {"PATH": "/nonexistent"}


def run(arguments: list[str], folder: Path, environment: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_registering_pipelines_imports_neither_spark_nor_tensorflow(project, without_java):
    answer = json.loads(run(["-c", REGISTER, str(project)], project, without_java).splitlines()[-1])
    assert answer["heavy"] == []
    nodes = answer["names"]
    assert nodes["__default__"] == sum(nodes[name] for name in DEFAULT)
    assert {"evaluation", "inference"} <= set(nodes)
