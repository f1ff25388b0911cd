"""What ``kedro emr package`` makes, on a real YARN: nodes with nothing of this project on them."""

import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.daemons import cache_folder
from cluster.job import BUCKET, assert_same_job, leftovers
from cluster.proxy import below
from cluster.report import REPORT
from cluster.s3_server import OWNER
from cluster.yarn import SPARK, Yarn, server_jars, submit, yarn
from runs import BIN, ROOT

from fruits_kedro.cluster.emr import Job, yarn_arguments
from fruits_kedro.cluster.package import ENVIRONMENT, Package, environment_part, read_package

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Package:
    """Made by the command; what was downloaded is kept between sessions."""
    kept, folder = cache_folder() / "emr-package", tmp_path_factory.mktemp("package")
    kept.mkdir(parents=True, exist_ok=True)
    words = [str(BIN / "kedro"), "emr", "package", "--folder", str(kept)]
    with (kept / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    return read_package(folder)


@pytest.fixture(scope="module")
def node(tmp_path_factory, cloud) -> Iterator[Yarn]:
    """A YARN whose node knows S3, and Python without any package of this project's."""
    try:
        server_jars()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"YARN's servers cannot be fetched: {error}")
    environment = cloud.environment(**OWNER) | {"PATH": path_of_a_node()}
    with yarn(tmp_path_factory.mktemp("yarn"), environment) as running:
        yield running


def path_of_a_node() -> str:
    """The interpreter that the virtual environment here was made from, and the system."""
    return f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"


def test_the_job_gives_what_it_gives_locally(node, shipped, cloud, local, traffic, tmp_path):
    """The driver runs on the cluster as well, from the archive alone."""
    place = cloud.place("yarn", **OWNER)
    archive = shipped.folder / environment_part("x86_64") / ENVIRONMENT
    options = [place.parameters(), *place.options]
    job = Job(str(shipped.folder / "project"), str(archive), options)
    settings = {
        "spark.yarn.jars": f"local:{SPARK}/jars/*",
        "spark.yarn.stagingDir": f"file:{tmp_path}/staging",
        "spark.executor.instances": "2",
        "spark.executor.memory": "1g",
        "spark.driver.memory": "1g",
    }
    log = tmp_path / "submit.log"
    started = time.monotonic()
    environment = {**place.environment, "SPARK_LOCAL_IP": "127.0.0.1", "PATH": path_of_a_node()}
    result = submit(node, yarn_arguments(job, **settings), environment, log)
    seconds = time.monotonic() - started
    assert result.returncode == 0, f"{log.read_text()[-8000:]}\n{node.log()[-8000:]}"
    assert_same_job(place, local)
    assert leftovers(place) == []
    first = below(f"{BUCKET}/photos/", "GET", traffic.requests)[0].at - started
    REPORT.add("YARN, driver on the cluster", seconds, place)
    REPORT.notes.append(
        f"YARN: {first:.0f} s from spark-submit until the first photograph; shipped to each node: "
        f"{archive.stat().st_size / 1e6:.0f} MB of packages"
    )
