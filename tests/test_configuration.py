"""One catalog for every environment; reading the project starts nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from runs import output

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import setting_problems

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
def test_every_dataset_has_its_type_and_follows_images_and_storage(context, environment):
    loaded = context(environment, **BUCKETS)
    for name, entry in ENTRIES.items():
        assert type(loaded.catalog.get(name)).__name__ == entry["type"].rsplit(".", 1)[-1], name
    paths = filepaths(loaded)
    assert paths.pop("raw_images") == "s3://photos/fruits"
    assert paths.pop("node_records") == "s3://results/run/.node_records.json"
    astray = {n: p for n, p in paths.items() if not p.startswith("s3://results/run/0")}
    assert astray == {}


def test_every_dataset_is_used_by_a_pipeline_or_hook(project):
    bootstrap_project(project)
    from fruits_kedro.pipeline_registry import register_pipelines

    used = {name for p in register_pipelines().values() for name in p.datasets()}
    by_hook_or_runner = {"timings", "node_records"}
    assert set(ENTRIES) - used - by_hook_or_runner == set()


def test_a_parameter_comes_before_a_variable_before_globals(context, project, monkeypatch):
    """An empty variable is as none."""
    monkeypatch.setenv("FRUITS_STORAGE", "")

    def places(**parameters: str) -> list[str]:
        paths = filepaths(context("local", **parameters))
        return [paths["raw_images"], paths["features"]]

    folders = [(project / path).resolve() for path in places()]
    data = project / "data"
    assert folders == [data / "01_raw" / "sample", data / "04_feature" / "features"]
    for name in BUCKETS:
        monkeypatch.setenv(f"FRUITS_{name.upper()}", "s3://by-variable")
    assert places() == ["s3://by-variable", "s3://by-variable/04_feature/features"]
    by_parameter = places(**dict.fromkeys(BUCKETS, "s3://by-parameter"))
    assert all(path.startswith("s3://by-parameter") for path in by_parameter)


@pytest.mark.parametrize("path", ["/photos/a b, c", "/photos/é:1", "~/photos"])
def test_a_path_in_a_variable_is_taken_as_it_is(context, monkeypatch, path):
    monkeypatch.setenv("FRUITS_IMAGES", path)
    assert context("local").catalog.get("raw_images")._describe()["filepath"].endswith(path)


def test_refresh_reaches_every_growing_table(context):
    tables = {n for n, e in ENTRIES.items() if e.get("mode") in ("add", "read")}
    growing = tables | {"known_backbones"}
    assert tables
    assert {n for n, e in ENTRIES.items() if "refresh" in e} == growing
    for refresh in (True, False):
        entries = context("local", refresh=refresh).config_loader["catalog"]
        assert {entries[name]["refresh"] for name in growing} == {refresh}


REGISTER = """
import sys
from pathlib import Path
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path(sys.argv[1]))
from fruits_kedro.pipeline_registry import register_pipelines
assert {"evaluation", "inference"} <= set(register_pipelines())
assert not {"pyspark", "tensorflow", "keras", "sklearn", "plotly", "py4j"} & set(sys.modules)
"""


def test_registering_pipelines_imports_neither_spark_nor_tensorflow(project):
    words = ("python", "-c", REGISTER, str(project))
    output(project, *words, JAVA_HOME=None, PATH="/nonexistent")
