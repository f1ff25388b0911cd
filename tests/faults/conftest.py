"""Photographs, one undisturbed run to compare with, and ways to run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.processes import Runner, parameters
from faults.storages import report
from filelock import FileLock
from kedro.framework.startup import bootstrap_project
from omegaconf import OmegaConf
from runs import ROOT, copy_photos, sample_names

from fruits_kedro.hooks.session import FruitsSession

PHOTOS = [
    f"{split}/{label}/{name}"
    for split, count in (("Training", 8), ("Test", 2))
    for label in ("Apple", "Banana", "Corn", "Kiwi")
    for name in sample_names(split, label)[:count]
]


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
    with FileLock(shared / "images.lock"):
        if not (shared / "images").exists():
            copy_photos(PHOTOS, shared / "images")
    return shared / "images"


@pytest.fixture(scope="session")
def reference(shared: Path, images: Path) -> Path:
    """The storage of the undisturbed run. Do not change it."""
    with FileLock(shared / "reference.lock"):
        if not (shared / "reference" / "08_reporting" / "report.html").exists():
            runner = Runner(shared, images)
            try:
                runner.complete(shared / "reference")
            finally:
                runner.clean_up()
    return shared / "reference"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Runner]:
    """Starts runs as processes; whatever is left of them ends with the module."""
    runner = Runner(tmp_path_factory.mktemp("logs"), images)
    yield runner
    runner.clean_up()


@pytest.fixture(scope="session")
def here(images: Path) -> Callable[..., None]:
    """``kedro run`` with small slices in this process, so that Spark starts once for all."""

    def run(storage: Path, *pipelines: str, images: Path = images, **others: Any) -> None:
        # Equal to what the command line makes of --params, so that no node sees a difference.
        text = parameters(images, storage, others).removeprefix("--params=")
        values: Any = OmegaConf.to_container(OmegaConf.from_dotlist(text.split(",")))
        bootstrap_project(ROOT)
        # What `kedro run` takes: Kedro's own session would run every node.
        with FruitsSession.create(ROOT, runtime_params=values) as session:
            session.run(pipeline_names=list(pipelines) or None)

    return run


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A storage that does not exist yet."""
    return tmp_path / "storage"


@pytest.fixture
def done(fresh: Path, reference: Path) -> Path:
    """A copy of the undisturbed run."""
    return shutil.copytree(reference, fresh)


@pytest.fixture
def ingested(fresh: Path, reference: Path) -> Path:
    """A storage where ingestion has ended and featurization not begun."""
    shutil.copytree(reference / "02_intermediate", fresh / "02_intermediate")
    (fresh / "08_reporting").mkdir()
    shutil.copy(reference / "08_reporting" / "ingestion.json", fresh / "08_reporting")
    return fresh


@pytest.fixture
def total(reference: Path) -> int:
    """Photographs that have features."""
    return int(report(reference, "featurization")["features"])
