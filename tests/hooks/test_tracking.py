"""A run is recorded once, by a process of its own, and a failure to do so costs a sentence."""

import logging
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline, node

from fruits_kedro.hooks.tracking import TrackingHooks
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

MEASURE = Pipeline(
    [
        node(lambda a: a, "a", "metrics", name="measure"),
        node(lambda a: a, "a", "data_quality", name="table"),
    ]
)
METRICS = {"accuracy": 0.5, "fingerprint": "f00d", "per_label": {"Kiwi": {"f1": 1.0}}}


def run(project: Path, storage: Path, tracking: str, nodes: int = 1, **parameters: Any) -> None:
    """What Kedro calls during a run of one node that saves the metrics."""
    bootstrap_project(project)
    values = {"images": "/photos", "storage": str(storage), "tracking": tracking, **parameters}
    with KedroSession.create(project, runtime_params=values) as session:
        context = session.load_context()
        hooks = TrackingHooks()
        hooks.after_context_created(context)
        hooks.before_pipeline_run()
        for _ in range(nodes):
            hooks.before_node_run()
        context.catalog.save("metrics", METRICS)
        make_table(storage / "08_reporting" / "data_quality")
        told = {"run_id": "now", "pipeline_names": ["__default__"], "env": None}
        hooks.after_pipeline_run(told, MEASURE, context.catalog)


def make_table(folder: Path) -> None:
    """A table that is there: tables among the reports are folders and are not uploaded."""
    snapshots = SnapshotFolder(str(folder))
    snapshots.replace(Part(snapshots.new_part_name(), rows=0, notes={}))


def rows(file: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_run_is_recorded_with_what_tells_it_from_others(project, tmp_path):
    file = tmp_path / "deep" / "runs.db"
    given = {"featurization": {"precision": "int8"}}
    run(project, tmp_path / "storage", f"sqlite:///{file}", **given)
    [(name, status)] = rows(file, "select name, status from runs")
    assert (name, status) == ("precision=int8", "FINISHED")
    parameters = dict(rows(file, "select key, value from params"))
    assert parameters["featurization.precision"] == "int8"
    assert parameters["reduction.k"] == "300"
    assert not {"images", "storage", "tracking"} & set(parameters)
    metrics = dict(rows(file, "select key, value from metrics"))
    assert metrics == {"accuracy": 0.5, "seconds/total": 0.0}
    tags = dict(rows(file, "select key, value from tags"))
    assert (tags["fingerprint"], tags["images"]) == ("f00d", "/photos")
    [saved] = (file.parent / "artifacts").rglob("metrics.json")
    assert saved.parent.name == "08_reporting"
    run(project, tmp_path / "storage", f"sqlite:///{file}", nodes=0)
    assert len(rows(file, "select name from runs")) == 1, "nothing ran, so it is the same run"


def test_a_server_that_is_away_costs_one_sentence(project, tmp_path, caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"http://anna:hush@127.0.0.1:{free.getsockname()[1]}"
    run(project, tmp_path / "storage", server)
    [told] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert told.startswith("This run is not recorded in http://127.0.0.1:")
    assert "hush" not in caplog.text


def test_nothing_is_started_where_recording_is_off(project, tmp_path, monkeypatch):
    started: list[object] = []
    monkeypatch.setattr("fruits_kedro.hooks.tracking.Writer", started.append)
    run(project, tmp_path / "storage", "off")
    assert started == []


@pytest.mark.parametrize("fault", [OSError("no more processes"), ValueError("a defect")])
def test_whatever_happens_the_run_is_complete(project, tmp_path, monkeypatch, caplog, fault):
    class Broken:
        def __init__(self, told: object) -> None:
            if isinstance(fault, OSError):
                raise fault

        def write(self, run: object) -> None:
            raise fault

        def stop(self) -> None:
            pass

    monkeypatch.setattr("fruits_kedro.hooks.tracking.Writer", Broken)
    run(project, tmp_path / "storage", f"sqlite:///{tmp_path / 'runs.db'}")
    told = (
        f"This run is not recorded in {tmp_path / 'runs.db'}, and complete all the same ({fault})"
    )
    assert told in caplog.text
