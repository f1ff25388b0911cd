"""A worker or an executor is killed in the middle of a batch: Spark repeats, nothing is lost."""

import os
import re
import signal
from pathlib import Path

import pytest
from cluster.standalone import Standalone, standalone
from faults.processes import Run, parent_of, processes_with
from faults.storages import effort, features, leftovers, report
from runs import BIN

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("processes")]

LONG = {"featurization__slice_images": 10000, "augmentation__copies": 8}
"""All in one slice, and enough work that a worker can be hit in the middle of it."""


def has_engine(pid: int) -> bool:
    """Whether a worker has loaded the inference engine, which it does when its task begins."""
    try:
        return "ai_edge_litert" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def assert_complete(storage: Path, reference: Path, total: int) -> None:
    """Every photograph and its first copy is there, to the bit; more copies are beside them."""
    found, expected = features(storage), features(reference)
    assert {key: found[key] for key in expected} == expected
    assert len(found) > len(expected)
    assert report(storage, "featurization")["features"] == total
    assert leftovers(storage) == []


def test_workers_killed_in_a_batch(runs, here, ingested, reference, total):
    """First the direct try, then the isolated one, whose child must not live on."""
    run = runs.start(ingested, "featurization", **LONG)
    killed: set[int] = set()
    for _ in range(2):
        run.wait_for(lambda: busy_workers(run) - killed, "a worker that computes")
        worker = min(busy_workers(run) - killed)
        killed.add(worker)
        os.kill(worker, signal.SIGKILL)
    assert run.end() == 0, run.output
    run.wait_for_nothing()
    assert run.output.count("Exception in task") >= 2, "it was idle"
    # A failed attempt may leave a file that no manifest names, until the next run.
    here.run(ingested, "featurization", **LONG)
    assert effort(ingested)[1:] == (0, 0)
    assert_complete(ingested, reference, total)


def busy_workers(run: Run) -> set[int]:
    return {pid for pid in run.workers() if has_engine(pid)}


def test_an_executor_killed_in_a_batch(runs, here, ingested, reference, total, tmp_path):
    python = {"PYSPARK_PYTHON": str(BIN / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    options = {"words": ("--env=cluster",), "environment": python, **LONG}
    with standalone(tmp_path / "cluster", {}, []) as cluster:
        run = runs.start(ingested, "featurization", master=cluster.url, **options)
        run.wait_for(lambda: executors_with_engine(cluster), "an executor that computes")
        assert len(cluster.executors()) == 2
        os.kill(executors_with_engine(cluster).pop(), signal.SIGKILL)
        assert run.end() == 0, run.output
    assert re.search(r"Lost executor|ExecutorLost", run.output), "it was idle or not noticed"
    here.run(ingested, "featurization", **LONG)
    assert effort(ingested)[1:] == (0, 0)
    assert_complete(ingested, reference, total)


def executors_with_engine(cluster: Standalone) -> set[int]:
    """Executors of which a Python worker has loaded the inference engine."""
    busy = {pid for pid in processes_with(cluster.mark) if has_engine(pid)}
    parents = {parent_of(pid) for pid in busy}
    return {*parents, *map(parent_of, parents)} & set(cluster.executors())
