"""A run is recorded once in MLflow, and a failure to do so costs one line of the log."""

import json
import logging
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline, node
from runs import BIN

from fruits_kedro.hooks import tracking
from fruits_kedro.hooks.tracking import TrackingHooks

MEASURE = Pipeline([node(lambda a: a, "a", "metrics", name="measure")])
METRICS = {"accuracy": 0.5, "fingerprint": "f00d", "per_label": {"Kiwi": {"f1": 1.0}}}


@pytest.fixture(autouse=True)
def environment(monkeypatch) -> None:
    """What MLflow is given in this process ends with the test."""
    for name in tracking._ENVIRONMENT:
        monkeypatch.setenv(name, os.environ.get(name, tracking._ENVIRONMENT[name]))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.delenv("FRUITS_TRACKING", raising=False)


def make_run(project: Path, storage: Path, uri: str, nodes: int = 1, **parameters: Any) -> None:
    """What Kedro calls during a run of one node that saves the metrics."""
    bootstrap_project(project)
    values = {"images": "/photos", "storage": str(storage), "tracking": uri, **parameters}
    with KedroSession.create(project, runtime_params=values) as session:
        context = session.load_context()
        hooks = TrackingHooks()
        hooks.after_context_created(context)
        hooks.before_pipeline_run()
        for _ in range(nodes):
            hooks.before_node_run()
        context.catalog.save("metrics", METRICS)
        run_params = {"run_id": "now", "pipeline_names": ["__default__"], "env": None}
        hooks.after_pipeline_run(run_params, MEASURE, context.catalog)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answer(url: str, **asked: Any) -> Any:
    """What a server that is still starting answers to a POST, within five minutes."""
    body, end = json.dumps(asked).encode(), time.monotonic() + 300
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.5)


def test_a_run_is_recorded_with_what_tells_it_from_others(project, tmp_path):
    from mlflow import MlflowClient  # here it finds what the fixture has set

    uri, given = f"sqlite:///{tmp_path}/deep/runs.db", {"featurization": {"precision": "int8"}}
    make_run(project, tmp_path / "storage", uri, **given)
    # Nothing ran, so it is the same run.
    make_run(project, tmp_path / "storage", uri, nodes=0, **given)
    [run] = MlflowClient(uri).search_runs(["1"])
    assert (run.info.run_name, run.info.status) == ("precision=int8", "FINISHED")
    assert run.data.params["featurization.precision"] == "int8"
    assert run.data.params["reduction.k"] == "300"
    assert not {"images", "storage", "tracking"} & run.data.params.keys()
    assert run.data.metrics == {"accuracy": 0.5, "seconds/total": 0.0}
    assert (run.data.tags["fingerprint"], run.data.tags["images"]) == ("f00d", "/photos")
    [saved] = (tmp_path / "deep" / "artifacts").rglob("metrics.json")
    assert saved.parent.name == "08_reporting"
    assert tracking.run_name(["evaluation"], {}) == "evaluation, as configured"


def test_two_runs_are_in_one_experiment_of_the_server_that_the_command_starts(project, tmp_path):
    uri, url = f"sqlite:///{tmp_path / 'runs.db'}", f"http://127.0.0.1:{free_port()}"
    for name in ("float32", "int8"):
        make_run(project, tmp_path / "storage", uri, featurization={"precision": name})
    words = ["fruits", "mlflow", f"--port={url.rpartition(':')[2]}", f"--params=tracking={uri}"]
    quiet = {"cwd": project, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([str(BIN / "kedro"), *words], **quiet)
    try:
        found = answer(f"{url}/api/2.0/mlflow/runs/search", experiment_ids=["1"])["runs"]
    finally:
        process.terminate()
        process.wait()
    assert {each["info"]["run_name"] for each in found} == {"precision=float32", "precision=int8"}


def warning(caplog: pytest.LogCaptureFixture) -> str:
    records = [r for r in caplog.records if r.name.startswith("fruits_kedro")]
    [text] = [r.getMessage() for r in records if r.levelno >= logging.WARNING]
    assert "\n" not in text
    return text


def test_a_server_that_is_down_costs_one_line_without_its_password(project, tmp_path, caplog):
    make_run(project, tmp_path / "storage", f"http://anna:hush@127.0.0.1:{free_port()}")
    assert "127.0.0.1" in warning(caplog)
    assert "hush" not in caplog.text


@pytest.mark.parametrize("fault", [ValueError("a defect"), None])
def test_whatever_happens_the_run_is_complete(project, tmp_path, monkeypatch, caplog, fault):
    def write(*_: Any, **__: Any) -> None:
        if fault:
            raise fault
        time.sleep(30)

    monkeypatch.setattr(tracking, "write_run", write)
    monkeypatch.setattr(tracking, "_SECONDS", 0.1)
    make_run(project, tmp_path / "storage", f"sqlite:///{tmp_path / 'runs.db'}")
    assert ("a defect" if fault else "TimeoutError") in warning(caplog)


def test_mlflow_is_not_touched_where_recording_is_off(project, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(tracking, "write_run", None)
    make_run(project, tmp_path / "storage", "off")
    assert [r for r in caplog.records if r.name.startswith("fruits_kedro")] == []


# --- the parameter -------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"tracking": "http://x"}, {"tracking": False}])
def test_a_parameter_comes_before_the_configuration(given):
    loader = MagicMock(runtime_params=given)
    loader.__getitem__.return_value = {"tracking": "http://by-globals"}
    assert tracking.tracking_of(loader) == given.get("tracking", "http://by-globals")


PLACES = {
    "sqlite:///mlruns/mlflow.db": "sqlite:////project/mlruns/mlflow.db",
    "sqlite:////runs.db": "sqlite:////runs.db",
    "http://anna:hush@host:5000": "http://anna:hush@host:5000",
    "postgresql+x://a:hush@host/db": "postgresql+x://a:hush@host/db",
    **dict.fromkeys(("off", False, None, "")),
}


@pytest.mark.parametrize("value", PLACES)
def test_a_place_is_a_file_of_the_project_a_server_or_off(value):
    assert tracking.tracking_problems(value) == []
    assert tracking.tracking_uri(value, Path("/project")) == PLACES[value]
    assert "hush" not in tracking.without_user(str(value))


@pytest.mark.parametrize("value", [True, 5, "mlruns", "sqlite:///", "ftp://anna:hush@host"])
def test_anything_else_is_a_problem(value):
    [problem] = tracking.tracking_problems(value)
    assert "hush" not in problem


# --- what is recorded ----------------------------------------------------------------------------


def test_numbers_of_reports_are_metrics_but_not_one_per_label_nor_seconds_of_other_runs():
    stages = {
        "ingestion": {"run": "now", "seconds": 1.5, "nodes": {}},
        "inference": {"run": "before", "seconds": 9.0, "nodes": {}},
    }
    reports = {
        "metrics": {**METRICS, "rows": {"test": 4}},
        "evaluation": {"capture": {"mean": 0.25, "folds": {"r*": {"accuracy": 0.25}}}},
        "ingestion_report": {"kept": 7, "kept_by_label": {"Kiwi": 7}},
        "timings": {"seconds": 1.5, "pipelines": stages},
    }
    assert tracking.metrics_of(reports, "now") == {
        "accuracy": 0.5,
        "rows/test": 4.0,
        "evaluation/capture/mean": 0.25,
        "evaluation/capture/folds/r_/accuracy": 0.25,
        "photographs/kept": 7.0,
        "seconds/ingestion": 1.5,
        "seconds/total": 1.5,
    }
