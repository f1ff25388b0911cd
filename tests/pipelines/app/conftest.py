"""An app made by the product from the sample, and phones to look at it."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import OPTIONS, PHONE, chromium, served
from runs import ROOT, output

from fruits_kedro.datasets.app import StaticFolderDataset
from fruits_kedro.datasets.phone import PhoneModelDataset
from fruits_kedro.model.phone import PhoneModel

from .phones import Phone


@pytest.fixture(scope="session")
def storage(tmp_path_factory) -> Path:
    """The storage of a default run on the sample, one for all test processes. Do not change it."""
    if given := os.environ.get("FRUITS_TEST_APP_STORAGE"):
        return Path(given)
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "app-storage", shared / "app-storage.done"
    with (shared / "app-storage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            output(ROOT, "kedro", "run", FRUITS_STORAGE=str(folder))
            done.touch()
    return folder


@pytest.fixture(scope="session")
def site(storage) -> Path:
    """The folder of the app."""
    return storage / "08_reporting" / "app"


@pytest.fixture(scope="session")
def files(site) -> dict[str, bytes]:
    """The files of the app."""
    return StaticFolderDataset(filepath=str(site)).load()


@pytest.fixture(scope="session")
def model(storage) -> PhoneModel:
    """The model inside the app."""
    loaded = PhoneModelDataset(filepath=str(storage / "06_models" / "fruits.tflite")).load()
    assert isinstance(loaded, PhoneModel)
    return loaded


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Any]]:
    """Starts browsers, which end with the module; gives a function that makes phones."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers: dict[tuple[str, ...], Any] = {}

        def start(*options: str, **context: Any) -> Phone:
            if options not in browsers:
                browsers[options] = playwright.chromium.launch(
                    executable_path=chromium(), args=[*OPTIONS, *options]
                )
            wanted = {"viewport": PHONE, "is_mobile": True, "has_touch": True, "locale": "en-GB"}
            return Phone.watch(browsers[options].new_context(**wanted | context))

        yield start
        for browser in browsers.values():
            browser.close()


@pytest.fixture(scope="module")
def url(site) -> Iterator[str]:
    with served(site) as address:
        yield address
