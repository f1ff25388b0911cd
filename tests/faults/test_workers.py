"""A worker or an executor is killed in the middle of a batch: Spark repeats, nothing is lost."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from faults.processes import Run, parent_of, processes_with, wait_until
from faults.storages import effort, features, leftovers, report
from runs import BIN, ROOT

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


# --- a cluster of several processes --------------------------------------------------------------

SPARK_CLASS = Path(next(iter(BIN.parent.glob("lib/*/site-packages/pyspark")))) / "bin/spark-class"
DEPLOY = "org.apache.spark.deploy"


@dataclass
class Cluster:
    """A standalone master with two workers of one core each."""

    url: str
    mark: str

    def executors(self) -> list[int]:
        found = processes_with(self.mark)
        return [pid for pid, line in found.items() if "CoarseGrainedExecutorBackend" in line]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    port, mark = free_port(), f"fault-cluster-{tmp_path.parent.name}-{os.getpid()}"
    cluster = Cluster(f"spark://127.0.0.1:{port}", mark)
    log = (tmp_path / "cluster.log").open("wb")

    def start(name: str, *words: str) -> "subprocess.Popen[bytes]":
        where = ("--host", "127.0.0.1", "--webui-port", "0")
        return subprocess.Popen(
            [str(SPARK_CLASS), f"{DEPLOY}.{name}", *where, *words],
            env={**os.environ, "FAULT_MARK": mark, "SPARK_LOCAL_IP": "127.0.0.1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    one_core = ["--cores", "1", "--memory", "1g", cluster.url]
    work = [tmp_path / "work_1", tmp_path / "work_2"]
    started = [start("master.Master", "--port", str(port))]
    started += [start("worker.Worker", "--work-dir", str(folder), *one_core) for folder in work]
    joined = wait_until(
        lambda: (tmp_path / "cluster.log").read_text().count("Successfully registered") == 2, 90
    )
    yield cluster
    for process in reversed(started):
        process.terminate()
        process.wait(30)
    log.close()
    for pid in processes_with(mark):
        os.kill(pid, signal.SIGKILL)
    assert joined, (tmp_path / "cluster.log").read_text()


def conf_of(cluster: Cluster, folder: Path) -> Path:
    """The project's configuration with this cluster's master."""
    shutil.copytree(ROOT / "conf", folder)
    path = folder / "base" / "spark.yml"
    settings = yaml.safe_load(path.read_text()) | {
        "spark.master": cluster.url,
        "spark.driver.memory": "1g",
        "spark.executor.memory": "1g",
    }
    path.write_text(yaml.safe_dump(settings))
    return folder


def test_an_executor_killed_in_a_batch(runs, here, cluster, ingested, reference, total, tmp_path):
    conf = conf_of(cluster, tmp_path / "conf")
    environment = {"PYSPARK_PYTHON": str(BIN / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    run = runs.start(ingested, "featurization", conf=conf, environment=environment, **LONG)
    busy = executors_with_engine(cluster)
    assert run.process.poll() is None
    assert len(cluster.executors()) == 2
    os.kill(busy, signal.SIGKILL)
    assert run.end() == 0, run.output
    assert re.search(r"Lost executor|ExecutorLost", run.output), "it was idle or not noticed"
    here.run(ingested, "featurization", **LONG)
    assert effort(ingested)[1:] == (0, 0)
    assert_complete(ingested, reference, total)


def executors_with_engine(cluster: Cluster) -> int:
    """The executor whose Python worker has loaded the inference engine."""
    found: list[int] = []

    def look() -> bool:
        executors = set(cluster.executors())
        for pid, line in processes_with(cluster.mark).items():
            if "pyspark.daemon" in line and has_engine(pid):
                found.extend({parent_of(pid), parent_of(parent_of(pid))} & executors)
        return bool(found)

    assert wait_until(look, 180), processes_with(cluster.mark)
    return found[0]
