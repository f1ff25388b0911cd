"""The job on a standalone cluster, whose workers share no disk with the driver."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.conftest import SMALL_RUN
from cluster.job import Place, assert_same_inference, assert_same_job
from cluster.report import REPORT
from cluster.s3_server import OWNER
from cluster.standalone import Standalone, standalone
from faults.processes import FEATURES, leftovers, pointer, wait_until
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


def on_cluster(cluster, cloud, driver, images: str, storage: str) -> Place:
    environment = {
        **OWNER,
        **driver,
        "PYSPARK_PYTHON": str(BIN / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    place = cloud.place(images, storage, "--env=cluster", **environment)
    return place


def test_the_job_gives_what_it_gives_locally(
    cluster, cloud, driver, local, converted, runner, traffic
):
    cloud.upload(converted, "standalone")
    place = on_cluster(cluster, cloud, driver, "photos", "standalone")
    place.complete(runner, name="job", master=cluster.url)
    assert_same_job(place, local)
    place.complete(runner, "--pipelines=inference", name="inference", master=cluster.url)
    assert_same_inference(place, local)
    assert leftovers(place.files) == []
    seen = "workers see no folder of the driver" if cluster.hides else "shared view of the disk"
    REPORT.places.append(
        (f"standalone, 2 workers, {seen}", place.seconds["job"], place.photographs(), "yes")
    )


def test_an_executor_that_is_killed_costs_only_time(
    cluster, cloud, driver, small, local_small, runner
):
    place = on_cluster(cluster, cloud, driver, "small", small.storage.rpartition("/")[2])
    run = place.start(runner, master=cluster.url, **SMALL_RUN)
    run.wait_for(lambda: pointer(place.files, FEATURES)["rows"], "the first features", 300)
    killed = cluster.kill_one_executor()
    assert run.end(600) == 0, run.output
    assert wait_until(lambda: killed not in cluster.executors(), 10)
    assert_same_job(place, local_small)
    assert leftovers(place.files) == []
