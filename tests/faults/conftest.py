"""Photographs, one undisturbed run to compare with, and ways to run."""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults.processes import Runner, parameters
from faults.storages import report
from kedro.framework.startup import bootstrap_project
from omegaconf import OmegaConf
from runs import ROOT, copy_photos, sample_names

from fruits_kedro.hooks.session import FruitsSession

LABELS = ("Apple", "Banana", "Corn", "Kiwi")
PHOTOS = [
    f"{split}/{label}/{name}"
    for split, count in (("Training", 8), ("Test", 2))
    for label in LABELS
    for name in sample_names(split, label)[:count]
]


class Here:
    """Runs in this process, so that Spark starts once for all."""

    def __init__(self, images: Path) -> None:
        self._images = images
        self.lines: list[str] = []

    def run(
        self, storage: Path, *pipelines: str, images: Path | None = None, **others: Any
    ) -> None:
        """``kedro run`` with small slices; ``lines`` is its log."""
        self.lines = []
        text = parameters(images or self._images, storage, others).removeprefix("--params=")
        # Equal to what the command line makes of --params, so that no node sees a difference.
        values: Any = OmegaConf.to_container(OmegaConf.from_dotlist(text.split(",")))
        bootstrap_project(ROOT)
        logger, listener = logging.getLogger("fruits_kedro"), logging.Handler(logging.INFO)
        listener.emit = lambda record: self.lines.append(record.getMessage())
        logger.addHandler(listener)
        try:
            # What `kedro run` takes: Kedro's own session would run every node.
            with FruitsSession.create(ROOT, runtime_params=values) as session:
                session.run(pipeline_names=list(pipelines) or None)
        finally:
            logger.removeHandler(listener)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of pytest-xdist share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "faults"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def images(shared: Path) -> Path:
    """40 photographs of 4 labels. Do not change them."""
    folder = shared / "images"
    with _once(folder):
        if not folder.exists():
            copy_photos(PHOTOS, shared / "images.part")
            (shared / "images.part").rename(folder)
    return folder


@pytest.fixture(scope="session")
def reference(shared: Path, images: Path) -> Path:
    """The storage of the undisturbed run. Do not change it."""
    storage = shared / "reference"
    with _once(storage):
        if not (storage / "08_reporting" / "report.html").exists():
            runner = Runner(shared, images)
            try:
                runner.complete(storage)
            finally:
                runner.clean_up()
    return storage


@contextmanager
def _once(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Runner]:
    """Starts runs as processes; whatever is left of them ends with the module."""
    runner = Runner(tmp_path_factory.mktemp("logs"), images)
    yield runner
    runner.clean_up()


@pytest.fixture(scope="session")
def here(images: Path) -> Here:
    """Runs in this process."""
    return Here(images)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A storage that does not exist yet."""
    return tmp_path / "storage"


@pytest.fixture
def done(tmp_path: Path, reference: Path) -> Path:
    """A copy of the undisturbed run."""
    return shutil.copytree(reference, tmp_path / "storage")


@pytest.fixture
def ingested(tmp_path: Path, reference: Path) -> Path:
    """A storage where ingestion has ended and featurization not begun."""
    storage = tmp_path / "storage"
    shutil.copytree(reference / "02_intermediate", storage / "02_intermediate")
    (storage / "08_reporting").mkdir()
    shutil.copy(reference / "08_reporting" / "ingestion.json", storage / "08_reporting")
    return storage


@pytest.fixture
def total(reference: Path) -> int:
    """Photographs that have features."""
    return report(reference, "featurization")["features"]
