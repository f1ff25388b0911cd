"""What ``kedro emr package`` makes, on a real YARN: nodes with nothing of this project on them."""

import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyspark
import pytest
from cluster.conftest import SMALL_RUN
from cluster.job import BUCKET, assert_same_job
from cluster.proxy import below
from cluster.report import REPORT
from cluster.s3_server import OWNER
from cluster.yarn import Yarn, server_jars, submit, yarn
from faults.processes import leftovers
from runs import BIN, ROOT

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.package import ENVIRONMENT, PYTHON_FILES, Package, read_package
from fruits_kedro.cluster.emr.spark_submit import Job, yarn_arguments
from fruits_kedro.cluster.jars import cache_folder, s3a_jars

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Shipped:
    """The artefacts, and the environment unpacked as a node unpacks it."""

    package: Package
    environment: Path

    @property
    def archive(self) -> Path:
        """The environment as it is shipped."""
        return self.package.folder / self.package.targets[0].folder / ENVIRONMENT


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Shipped:
    """Made by the command; downloaded wheels are kept between sessions.

    What another session makes anew there must not change under the run of this one.
    """
    kept, folder = cache_folder() / "emr-package", tmp_path_factory.mktemp("package")
    kept.mkdir(parents=True, exist_ok=True)
    words = [str(BIN / "kedro"), "emr", "package", "--folder", str(kept)]
    with (kept / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    package = read_package(folder)
    unpacked = tmp_path_factory.mktemp("environment")
    made_here = Shipped(package, unpacked)
    subprocess.run(["tar", "-xzf", made_here.archive, "-C", unpacked], check=True)
    return made_here


@pytest.fixture(scope="module")
def node(tmp_path_factory, cloud) -> Iterator[Yarn]:
    """A YARN whose node knows S3, and Python without any package of this project's."""
    try:
        server_jars()
    except FruitsError as error:
        pytest.skip(f"YARN's servers cannot be had: {error.message}")
    environment = cloud.environment(**OWNER) | {"PATH": path_of_a_node()}
    with yarn(tmp_path_factory.mktemp("yarn"), environment) as running:
        yield running


def path_of_a_node() -> str:
    """The interpreter that the virtual environment here was made from, and the system."""
    return f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"


def test_the_shipped_environment_has_no_tensorflow_and_no_spark(shipped):
    python = str(shipped.environment / "bin" / "python")
    for module in ("tensorflow", "pyspark"):
        tried = subprocess.run(
            [python, "-c", f"import {module}"],
            env={"PATH": path_of_a_node()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ModuleNotFoundError" in tried.stderr, module
    unpacked = sum(p.stat().st_size for p in shipped.environment.rglob("*") if p.is_file())
    project = shipped.package.files[f"project/{PYTHON_FILES}"]["bytes"]
    REPORT.notes.append(
        f"Shipped to each node: environment {shipped.archive.stat().st_size / 1e6:.0f} MB "
        f"({unpacked / 1e6:.0f} MB unpacked), project {project / 1e6:.0f} MB with the converted "
        "network"
    )


def test_the_bootstrap_action_installs_the_real_wheels_without_an_index(shipped, tmp_path):
    """As on a node of EMR on EC2, which has Python and what was uploaded."""
    folder = shipped.archive.parent
    environment = {
        "PATH": path_of_a_node(),
        "FRUITS_PREFIX": str(tmp_path / "prefix"),
        "FRUITS_PROFILE": str(tmp_path / "profile.sh"),
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
    }
    subprocess.run(["bash", folder / "bootstrap.sh", folder], env=environment, check=True)
    code = shipped.package.folder / "project" / PYTHON_FILES
    modules = "fruits_kedro.cli, fruits_kedro.settings, ai_edge_litert.interpreter, s3fs, pyarrow"
    subprocess.run(
        [tmp_path / "prefix" / "bin" / "python", "-c", f"import {modules}"],
        env={"PATH": path_of_a_node(), "PYTHONPATH": str(code)},
        check=True,
    )


@pytest.mark.parametrize("mode", ["client", "cluster"])
def test_the_job_gives_what_it_gives_locally(
    node, shipped, cloud, local_small, traffic, tmp_path, mode
):
    place = cloud.place("small", f"yarn-{mode}", **OWNER)
    values = {"images": place.images, "storage": place.storage, **SMALL_RUN}
    told = ",".join(f"{name.replace('__', '.')}={value}" for name, value in values.items())
    job = Job(
        project=str(shipped.package.folder / "project"),
        options=[f"--params={told}"],
        environment=str(shipped.archive),
    )
    driver = str(shipped.environment / "bin" / "python") if mode == "client" else ""
    words = yarn_arguments(job, mode, driver_python=driver, settings=spark_with_s3a(tmp_path))
    log = tmp_path / "submit.log"
    started = time.monotonic()
    environment = {**place.environment, "SPARK_LOCAL_IP": "127.0.0.1", "PATH": path_of_a_node()}
    result = submit(node, words, environment, log)
    seconds = time.monotonic() - started
    assert result.returncode == 0, f"{log.read_text()[-8000:]}\n{node.log()[-8000:]}"
    assert_same_job(place, local_small)
    assert leftovers(place.files) == []
    first = below(f"{BUCKET}/small/", "GET", traffic.requests)[0].at - started
    REPORT.places.append((f"YARN, deploy mode {mode}", seconds, place.photographs(), "yes"))
    REPORT.notes.append(f"YARN, {mode}: {first:.0f} s from spark-submit until the first image")


def spark_with_s3a(folder: Path) -> dict[str, str]:
    """A cluster whose Spark brings S3A, as EMR's does, and has two executors free."""
    spark, s3a = Path(pyspark.__file__).parent, s3a_jars()[0].parent
    return {
        "spark.yarn.jars": f"local:{spark}/jars/*,local:{s3a}/*",
        "spark.driver.extraClassPath": f"{s3a}/*",
        "spark.yarn.stagingDir": f"file:{folder}/staging",
        "spark.executor.instances": "2",
        "spark.executor.memory": "1g",
        "spark.driver.memory": "1g",
    }
