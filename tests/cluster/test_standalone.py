"""The job on a standalone cluster, whose workers share no disk with the driver."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.job import FEATURES, assert_same_job, leftovers
from cluster.report import REPORT
from cluster.s3_server import OWNER
from cluster.standalone import Standalone, standalone
from faults.processes import wait_until
from runs import BIN, ROOT

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> dict[str, str]:
    """Home and temporary folder of the driver, which no worker may see."""
    folder = tmp_path_factory.mktemp("driver")
    return {"HOME": str(folder), "TMPDIR": str(folder), "SPARK_LOCAL_DIRS": str(folder)}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, cloud, driver) -> Iterator[Standalone]:
    """Two workers that have Python and the package, and know where S3 is."""
    hidden = [Path(driver["HOME"]), ROOT / "conf", ROOT / "data"]
    folder = tmp_path_factory.mktemp("standalone")
    with standalone(folder, cloud.environment(**OWNER), hidden) as running:
        yield running


def test_the_job_gives_what_it_gives_locally_though_an_executor_is_killed(
    cluster, cloud, driver, local, runner
):
    python = {"PYSPARK_PYTHON": str(BIN / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    place = cloud.place("standalone", "--env=cluster", **OWNER, **driver, **python)
    started = time.monotonic()
    run = place.start(runner, master=cluster.url)
    run.wait_for(lambda: place.committed(FEATURES), "the first features", 400)
    killed = cluster.kill_one_executor()
    assert run.end(600) == 0, run.output
    seconds = time.monotonic() - started
    assert wait_until(lambda: killed not in cluster.executors(), 10)
    assert_same_job(place, local)
    assert leftovers(place) == []
    seen = "workers see no folder of the driver" if cluster.hides else "shared view of the disk"
    REPORT.add("standalone, an executor killed", seconds, place)
    REPORT.notes.append(f"Standalone: 2 workers, {seen}")
