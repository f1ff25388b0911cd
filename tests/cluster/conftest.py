"""The S3 server with the photographs in it, the local runs to compare with, and the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.job import BUCKET, Cloud, Place
from cluster.proxy import Traffic, proxying
from cluster.report import REPORT
from cluster.s3_server import OWNER, serving
from faults.processes import SMALL, Runner, copy_images, copy_storage
from runs import SAMPLE

from fruits_kedro.datasets import BackboneDataset

SMALL_RUN = {name.replace(".", "__"): value for name, value in SMALL.items()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, after the tests."""
    for line in REPORT.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def runner(tmp_path_factory) -> Iterator[Runner]:
    """Starts runs; whatever is left of them ends with the session."""
    runner = Runner(tmp_path_factory.mktemp("logs"), SAMPLE)
    yield runner
    runner.clean_up()


@pytest.fixture(scope="session")
def converted(tmp_path_factory, backbone) -> Path:
    """A storage with the converted network and nothing else: no run needs TensorFlow."""
    storage = tmp_path_factory.mktemp("converted")
    BackboneDataset(filepath=str(storage / "06_models" / "backbone")).save(backbone)
    return storage


@pytest.fixture(scope="session")
def small_images(tmp_path_factory) -> Path:
    """128 photographs of the sample."""
    return copy_images(tmp_path_factory.mktemp("small") / "images")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory, small_images) -> Iterator[Cloud]:
    """The server: the whole sample below ``photos``, a small set below ``small``."""
    folder = tmp_path_factory.mktemp("s3") / "server"
    with serving(folder) as server, proxying(server.port) as (url, traffic):
        server.client().create_bucket(Bucket=BUCKET)
        server.add_reader(BUCKET)
        running = Cloud(server, folder, url, traffic)
        running.upload(SAMPLE, "photos")
        running.upload(small_images, "small")
        yield running


@pytest.fixture(scope="session")
def local(tmp_path_factory, runner, converted) -> Place:
    """The whole job and inference on the sample, on the local disk. Do not change it."""
    storage = copy_storage(converted, tmp_path_factory.mktemp("local") / "storage")
    place = Place(str(SAMPLE), str(storage), storage)
    place.complete(runner, name="job")
    place.complete(runner, "--pipelines=inference", name="inference")
    return place


@pytest.fixture(scope="session")
def local_small(tmp_path_factory, runner, small_images, converted) -> Place:
    """The job on the small set, on the local disk. Do not change it."""
    storage = copy_storage(converted, tmp_path_factory.mktemp("local") / "storage")
    place = Place(str(small_images), str(storage), storage)
    place.complete(runner, name="job", **SMALL_RUN)
    return place


@pytest.fixture
def traffic(cloud) -> Iterator[Traffic]:
    """What passes the proxy during a test."""
    cloud.traffic.forget()
    yield cloud.traffic
    cloud.traffic.forget()


@pytest.fixture
def small(cloud, converted, tmp_path) -> Place:
    """The small set with a storage of its own."""
    cloud.upload(converted, tmp_path.name)
    return cloud.place("small", tmp_path.name, **OWNER)
