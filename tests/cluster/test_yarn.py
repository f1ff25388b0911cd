"""What ``kedro emr package`` makes, on a real YARN: nodes with nothing of this project on them."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.daemons import cache_folder
from cluster.job import BUCKET, PIPELINES, SLICES, assert_same_job
from cluster.proxy import below
from cluster.s3_server import OWNER
from cluster.yarn import SPARK, server_jars, submit, yarn
from faults.processes import parameters
from filelock import FileLock
from runs import BIN, ROOT

from fruits_kedro.cluster.emr import Job, yarn_arguments
from fruits_kedro.cluster.package import ENVIRONMENT, Package, environment_part, read_package

pytestmark = pytest.mark.cluster
NODE_PATH = f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
"""The interpreter that the virtual environment here was made from, and the system."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Package:
    """Made by the command; what was downloaded is kept between sessions."""
    kept, folder = cache_folder() / "emr-package", tmp_path_factory.mktemp("package")
    kept.mkdir(parents=True, exist_ok=True)
    words = [str(BIN / "kedro"), "emr", "package", "--folder", str(kept)]
    with FileLock(kept / ".lock"):
        made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    return read_package(folder)


@pytest.fixture(scope="module")
def node(tmp_path_factory, cloud) -> Iterator[Path]:
    """A YARN whose node knows S3, and Python without any package of this project's."""
    try:
        server_jars()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"YARN's servers cannot be fetched: {error}")
    environment = cloud.environment(**OWNER) | {"PATH": NODE_PATH}
    with yarn(tmp_path_factory.mktemp("yarn"), environment) as running:
        yield running


def test_the_job_gives_what_it_gives_locally(
    node, shipped, cloud, local, traffic, measured, tmp_path
):
    """The driver runs on the cluster as well, from the archive alone."""
    place = cloud.place("yarn", **OWNER)
    archive = shipped.folder / environment_part("x86_64") / ENVIRONMENT
    given = parameters(place.images, place.storage, SLICES)
    options = [given, f"--pipelines={','.join(PIPELINES)}"]
    job = Job(str(shipped.folder / "project"), str(archive), options)
    settings = {
        "spark.yarn.jars": f"local:{SPARK}/jars/*",
        "spark.yarn.stagingDir": f"file:{tmp_path}/staging",
        "spark.executor.instances": "2",
        "spark.executor.memory": "1g",
        "spark.driver.memory": "1g",
    }
    environment = {**place.environment, "SPARK_LOCAL_IP": "127.0.0.1", "PATH": NODE_PATH}
    started = time.monotonic()
    submit(node, yarn_arguments(job, **settings), environment)
    assert_same_job(place, local)
    first = below(f"{BUCKET}/photos/", "GET", traffic.requests)[0].at - started
    measured.append(
        f"YARN: {first:.0f} s from spark-submit until the first photograph; shipped to each node: "
        f"{archive.stat().st_size / 1e6:.0f} MB of packages"
    )
