"""The job on a standalone cluster, whose workers share no disk with the driver."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.job import assert_same_job
from cluster.s3_server import OWNER
from cluster.standalone import Standalone, standalone
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


def test_the_job_gives_what_it_gives_locally_though_an_executor_is_killed_in_a_batch(
    cluster, cloud, driver, local, runner, measured
):
    python = {"PYSPARK_PYTHON": str(BIN / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    place = cloud.place("standalone", "--env=cluster", **OWNER, **driver, **python)
    run = place.start(runner, master=cluster.url)
    run.wait_for(cluster.busy_executor, "an executor that computes")
    assert len(cluster.executors()) == 2
    os.kill(cluster.busy_executor(), signal.SIGKILL)
    assert run.end() == 0, run.output
    assert re.search(r"Lost executor|ExecutorLost", run.output), "it was idle or not noticed"
    assert_same_job(place, local)
    seen = "no folder of the driver" if cluster.hides else "the disk of the driver"
    measured.append(f"Standalone: 2 workers, which see {seen}")
