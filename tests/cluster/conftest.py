"""The S3 server with the photographs in it, the local run to compare with, and what is measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.job import BUCKET, Cloud, Place
from cluster.proxy import Traffic, proxying
from cluster.s3_server import serving
from faults.processes import Runner
from runs import LABELS, copy_photos, sample_names

PHOTOS = [
    f"{split}/{label}/{name}"
    for split, count in (("Training", 8), ("Test", 3))
    for label in LABELS
    for name in sample_names(split, label)[:count]
]
MEASURED: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, after the tests."""
    for line in MEASURED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def measured() -> list[str]:
    """Lines to print after the tests."""
    return MEASURED


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """66 photographs of the sample."""
    folder = tmp_path_factory.mktemp("small") / "images"
    copy_photos(PHOTOS, folder)
    return folder


@pytest.fixture(scope="session")
def runner(tmp_path_factory, images) -> Iterator[Runner]:
    """Starts runs; whatever is left of them ends with the session."""
    runner = Runner(tmp_path_factory.mktemp("logs"), images)
    yield runner
    runner.clean_up()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory, images) -> Iterator[Cloud]:
    """The server, with the photographs below ``photos``."""
    folder = tmp_path_factory.mktemp("s3") / "server"
    with serving(folder) as server, proxying(server.port) as (url, traffic):
        server.client().create_bucket(Bucket=BUCKET)
        server.add_reader(BUCKET)
        running = Cloud(server, folder, url, traffic)
        running.upload(images, "photos")
        yield running


@pytest.fixture(scope="session")
def local(tmp_path_factory, runner, images) -> Place:
    """The whole job with inference, on the local disk. Do not change it."""
    storage = tmp_path_factory.mktemp("local") / "storage"
    place = Place(str(images), str(storage), storage)
    place.complete(runner)
    return place


@pytest.fixture
def traffic(cloud) -> Iterator[Traffic]:
    """What passes the proxy during a test."""
    cloud.traffic.forget()
    yield cloud.traffic
    cloud.traffic.forget()
