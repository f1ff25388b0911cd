"""What tests share: one Spark session and one finished run."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import runs
from kedro.config import OmegaConfigLoader
from runs import Job

from fruits_kedro.cluster.session import configure, get_spark
from fruits_kedro.model.backbone import Backbone, BackboneSpec, shipped_backbone
from fruits_kedro.parameters import Parameters
from fruits_kedro.settings import CONFIG_LOADER_ARGS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[1]
os.environ["FRUITS_TRACKING"] = "off"
"""Runs of tests are nobody's to compare; those that are about it say where."""
NOBODY = 65534
"""The user without rights of every Linux."""


@pytest.fixture(scope="session")
def project() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def sample(project: Path) -> Path:
    """The photographs that ship with the project."""
    return project / "data" / "01_raw" / "sample"


@pytest.fixture(scope="session")
def parameters(project: Path) -> Parameters:
    """Every parameter as conf/base has it."""
    loader = OmegaConfigLoader(str(project / "conf"), **CONFIG_LOADER_ARGS)
    return Parameters.model_validate(loader["parameters"])


@pytest.fixture(scope="session")
def backbone(parameters: Parameters) -> Backbone:
    """The network that ships with the project."""
    network = shipped_backbone(BackboneSpec.of(parameters.featurization))
    assert network is not None
    return network


@pytest.fixture(scope="session")
def spark(project: Path) -> "Iterator[SparkSession]":
    """A real session with the project's settings, on two cores."""
    loader = OmegaConfigLoader(str(project / "conf"), **CONFIG_LOADER_ARGS)
    configure(loader["spark"] | {"spark.master": "local[2,4]", "spark.driver.memory": "2g"})
    session = get_spark()
    yield session
    session.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter, unlike pytest's own."""
    with TemporaryDirectory(prefix="fruits-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in (folder, *folder.glob("**/")):
            path.chmod(0o755)


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """Rights hold within this context also where tests run as root."""

    @contextmanager
    def become() -> Iterator[None]:
        user = os.geteuid()
        os.seteuid(user or NOBODY)
        try:
            yield
        finally:
            os.seteuid(user)

    return become


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory, spark: "SparkSession") -> Job:
    """One default run that all tests look at; fork it to change it."""
    return runs.whole_run(tmp_path_factory.getbasetemp())


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Tests that need Spark share one process and its JVM."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("spark"))
    yield
    # pytest-xdist 3.8 writes the group into `_nodeid`, which pytest 9.2 no longer reads: without
    # this, groups are spread over all processes. Remove it once xdist writes `_id`.
    for item in items:
        if "_nodeid" in vars(item):
            item._id = type(item._id).parse(vars(item)["_nodeid"])
