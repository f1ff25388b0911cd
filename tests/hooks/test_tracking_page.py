"""Two recorded runs stand side by side in MLflow's page, in a real Chromium."""

import json
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import opened
from runs import BIN, ROOT

from fruits_kedro.hooks.tracking import mlflow_environment, write_run

SECONDS_TO_START = 300


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    """Where a float32 and an int8 run are recorded."""
    file = tmp_path_factory.mktemp("compared") / "mlflow.db"
    for precision in ("float32", "int8"):
        run = {
            "name": f"precision={precision}",
            "started": time.time() - 60,
            "ended": time.time(),
            "parameters": {"featurization.precision": precision},
            "metrics": {"accuracy": 0.9, "explained_variance": 0.8},
            "tags": {},
            "reports": [],
        }
        write_run(f"sqlite:///{file}", run)
    return file


@pytest.fixture(scope="module")
def page(database) -> Iterator[str]:
    """The address of ``kedro fruits mlflow``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["fruits", "mlflow", "--port", str(port), f"--params=tracking=sqlite:///{database}"]
    process = subprocess.Popen(
        [str(BIN / "kedro"), *words],
        cwd=ROOT,
        env=mlflow_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health", process)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"MLflow's page did not answer at {url}")


def recorded(database: Path) -> dict[str, str]:
    """Names of the runs by their id."""
    connection = sqlite3.connect(database)
    try:
        return dict(connection.execute("select run_uuid, name from runs").fetchall())
    finally:
        connection.close()


def test_two_runs_can_be_compared(database, page):
    runs = recorded(database)
    assert sorted("precision=int8" in name for name in runs.values()) == [False, True]
    with opened(f"{page}/#/experiments/1/runs") as listed:
        for name in runs.values():
            listed.page.get_by_text(name, exact=True).first.wait_for(timeout=120_000)
    asked = f"{page}/#/compare-runs?runs={json.dumps(list(runs))}&experiments={json.dumps(['1'])}"
    with opened(asked) as compared:
        for text in (
            "featurization.precision",
            "int8",
            "float32",
            "accuracy",
            "explained_variance",
        ):
            compared.page.get_by_text(text, exact=True).first.wait_for(timeout=120_000)
        elsewhere = [url for url in compared.requests if not url.startswith((page, "data:"))]
        assert elsewhere == []
