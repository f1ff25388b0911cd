"""One undisturbed run to compare with, and processes that do not outlive their test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.processes import Runner, copy_images, copy_storage, report


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """128 photographs of 8 labels. Do not change them."""
    return copy_images(tmp_path_factory.mktemp("photos") / "images")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, images) -> Iterator[Runner]:
    """Starts runs; whatever is left of them ends with the module."""
    runner = Runner(tmp_path_factory.mktemp("logs"), images)
    yield runner
    runner.clean_up()


@pytest.fixture(scope="session")
def reference(tmp_path_factory, images) -> Path:
    """The storage of the undisturbed run. Do not change it."""
    storage = tmp_path_factory.mktemp("reference") / "storage"
    runner = Runner(tmp_path_factory.mktemp("logs"), images)
    try:
        runner.complete(storage)
    finally:
        runner.clean_up()
    return storage


@pytest.fixture
def fresh(tmp_path, reference) -> Path:
    """A storage with the converted backbone and nothing else."""
    return copy_storage(reference, tmp_path / "storage", "06_models/backbone")


@pytest.fixture
def done(tmp_path, reference) -> Path:
    """A copy of the undisturbed run."""
    return copy_storage(reference, tmp_path / "storage")


@pytest.fixture
def ingested(tmp_path, reference) -> Path:
    """A storage where ingestion has ended and featurization not begun."""
    copy_storage(reference, tmp_path / "storage", "02_intermediate", "06_models/backbone")
    (tmp_path / "storage" / "08_reporting").mkdir()
    ingestion = Path("08_reporting") / "ingestion.json"
    (tmp_path / "storage" / ingestion).write_bytes((reference / ingestion).read_bytes())
    return tmp_path / "storage"


@pytest.fixture
def total(reference) -> int:
    """Photographs that have features."""
    found: int = report(reference, "featurization")["features"]
    return found
