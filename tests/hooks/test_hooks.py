"""Hooks: one sentence for a user, seconds per pipeline, Spark configured and not started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import AbstractDataset, DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from pluggy import PluginManager

from fruits_kedro import FruitsError
from fruits_kedro.hooks.errors import ErrorHooks
from fruits_kedro.hooks.timing import TimingHooks


class Broken(AbstractDataset[None, None]):
    """Fails to load with the error it is given."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def load(self) -> None:
        """Fail."""
        raise self._error

    def save(self, data: None) -> None:
        """Do nothing."""

    def _describe(self) -> dict[str, str]:
        return {}


def wrapped(error: Exception) -> DatasetError:
    """What a run gets when loading a dataset fails with ``error``."""
    with pytest.raises(DatasetError) as raised:
        DataCatalog({"broken": Broken(error)}).load("broken")
    return raised.value


def test_a_fruits_error_is_taken_out_of_what_wraps_it():
    inner = FruitsError("The folder is empty: fill it.")
    with pytest.raises(FruitsError) as error:
        ErrorHooks().on_pipeline_error(wrapped(inner))
    assert error.value is inner


def test_a_fruits_error_is_found_below_several_causes():
    inner = FruitsError("The folder is empty: fill it.")
    try:
        raise RuntimeError("outermost") from wrapped(inner)
    except RuntimeError as error:
        with pytest.raises(FruitsError, match="fill it"):
            ErrorHooks().on_pipeline_error(error)


class UnansweredError(Exception):
    """An error of Java once the JVM is gone: what it says has to be asked there."""

    def __str__(self) -> str:
        raise ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize(
    "error", [UnansweredError(), RuntimeError("java.lang.OutOfMemoryError: heap")]
)
def test_memory_that_ran_out_is_told(error):
    try:
        raise RuntimeError("outermost") from error
    except RuntimeError as outermost:
        with pytest.raises(FruitsError, match=r"out of memory.*spark\.driver\.memory"):
            ErrorHooks().on_pipeline_error(outermost)


def test_other_errors_are_left_to_kedro():
    ErrorHooks().on_pipeline_error(wrapped(ValueError("a defect")))


def without_java(**variables: str) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("JAVA_HOME", "PYSPARK_PYTHON")}
    return environment | {"PATH": "/nonexistent"} | variables


def test_a_user_reads_one_sentence_and_gets_exit_code_1(project, tmp_path):
    options = f"--params=images={tmp_path}/missing,storage={tmp_path}/data"
    result = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipelines=ingestion", options],
        cwd=project,
        env=without_java(),
        capture_output=True,
        text=True,
        check=False,
    )
    last = result.stderr.strip().splitlines()[-1]
    assert result.returncode == 1, result.stderr
    assert last.startswith(f"Error: The image folder {tmp_path}/missing does not exist: ")
    assert "Traceback" not in result.stdout + result.stderr


def run_timed(pipeline: Pipeline, catalog: DataCatalog) -> None:
    manager = hook_manager(TimingHooks())
    run = {"run_id": "now"}
    manager.hook.before_pipeline_run(run_params=run, pipeline=pipeline, catalog=catalog)
    result = SequentialRunner().run(pipeline, catalog, manager)
    manager.hook.after_pipeline_run(
        run_params=run, run_result=result, pipeline=pipeline, catalog=catalog
    )


def hook_manager(hooks: TimingHooks) -> PluginManager:
    manager = _create_hook_manager()
    manager.register(hooks)
    return manager


def two_stages() -> Pipeline:
    return Pipeline(
        [
            node(lambda a: a + 1, "a", "b", name="first", tags="one"),
            node(lambda b: b + 1, "b", "c", name="second", tags="two"),
            node(lambda c: c + 1, "c", "d", name="third", tags="two"),
            node(lambda d: d + 1, "d", "e", name="untagged"),
        ]
    )


def test_seconds_are_counted_per_pipeline_and_node_and_add_up():
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    run_timed(two_stages(), catalog)
    timings = catalog.load("timings")
    nodes = {name: list(stage["nodes"]) for name, stage in timings["pipelines"].items()}
    assert nodes == {"one": ["first"], "two": ["second", "third"], "other": ["untagged"]}
    total = sum(stage["seconds"] for stage in timings["pipelines"].values())
    assert timings["seconds"] == pytest.approx(total, abs=0.021)  # each is rounded to 0.01
    json.dumps(timings)


def test_a_save_counts_for_the_node_that_saves(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 11.0])  # made, started, node done, saved
    monkeypatch.setattr("fruits_kedro.hooks.timing.time.perf_counter", lambda: next(clock))
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    run_timed(Pipeline([node(lambda a: a, "a", "b", name="only", tags="one")]), catalog)
    expected = {"run": "now", "seconds": 11.0, "nodes": {"only": 11.0}}
    assert catalog.load("timings") == {"seconds": 11.0, "pipelines": {"one": expected}}


def test_a_node_that_takes_the_times_has_those_until_then():
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    report = node(lambda b, timings: list(timings["pipelines"]), ["b", "timings"], "seen", tags="r")
    run_timed(Pipeline([node(lambda a: a, "a", "b", name="only", tags="one"), report]), catalog)
    assert catalog.load("seen") == ["one"]
    assert list(catalog.load("timings")["pipelines"]) == ["one", "r"]


def test_timing_without_a_place_for_it_is_left_out():
    catalog = DataCatalog({"a": MemoryDataset(1)})
    run_timed(two_stages(), catalog)
    assert "timings" not in catalog


CONTEXT = """
import json, sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

project, environment = sys.argv[1:]
bootstrap_project(Path(project))
with KedroSession.create(project_path=project, env=environment) as session:
    session.load_context()
from fruits_kedro.cluster import session as spark
slow = {"pyspark", "mlflow", "tensorflow"} & set(sys.modules)
print(json.dumps({"settings": spark._settings, "slow": sorted(slow)}))
"""


def configured(project: Path, environment: str) -> dict:
    result = subprocess.run(
        [sys.executable, "-c", CONTEXT, str(project), environment],
        cwd=project,
        env=without_java(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer: dict = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_spark_is_configured_by_the_environment_and_not_started(project):
    local, emr = configured(project, "local"), configured(project, "emr")
    assert local["slow"] == emr["slow"] == []
    assert local["settings"]["spark.master"] == "local[*,4]"
    assert local["settings"]["spark.sql.execution.arrow.pyspark.enabled"] == "true"
    assert "spark.master" not in emr["settings"]
    assert emr["settings"]["spark.sql.session.timeZone"] == "UTC"


def test_a_wrong_parameter_stops_a_run_before_anything_starts(project, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "kedro", "run", f"--params=reduction.k=0,storage={tmp_path}/data"],
        cwd=project,
        env=without_java(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Error: Wrong parameters: reduction.k is 0: give a number" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert not (tmp_path / "data").exists()


def test_spark_without_java_is_told(project):
    script = (
        "from fruits_kedro.cluster.session import get_spark\n"
        "from fruits_kedro import FruitsError\n"
        "try:\n    get_spark()\nexcept FruitsError as error:\n    print(error.message)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=without_java(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == (
        "Spark needs Java 17 or newer and none was found: install a JDK 17.\n"
    ), result.stderr
