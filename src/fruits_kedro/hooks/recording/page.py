"""Opens MLflow's page, where recorded runs are compared."""

import os
import sys
import webbrowser
from importlib.util import find_spec

import click

from fruits_kedro import FruitsError
from fruits_kedro.hooks.plugins import PLUGIN
from fruits_kedro.hooks.recording.process import mlflow_environment
from fruits_kedro.hooks.recording.setting import Tracking

_BY_BROWSER = ("http://", "https://")


def open_page(tracking: Tracking | None, host: str | None, port: str | None) -> None:
    """Open a tracking server in the browser, or serve what a database holds until Ctrl-C.

    Args:
        tracking: Where runs are recorded.
        host: Address to serve at, else that of ``mlflow.yml``.
        port: Port to serve at, likewise.

    Raises:
        FruitsError: Where there is nothing to show.
    """
    if tracking is None:
        raise FruitsError(
            "Runs are not recorded, since the setting tracking is off: give "
            "--params=tracking=sqlite:///FILE or a tracking server, to kedro run as well."
        )
    if tracking.uri.startswith(_BY_BROWSER):
        click.echo(f"Opening {tracking.shown}")
        webbrowser.open(tracking.uri)
        return
    if find_spec(PLUGIN) is None:
        raise FruitsError("MLflow is not installed here: install the extra 'local'.")
    if tracking.is_new:
        raise FruitsError(f"No run is recorded in {tracking.shown} yet: run kedro run first.")
    ui = tracking.told["mlflow"]["ui"]
    at = ["--host", host or ui["host"], "--port", port or ui["port"]]
    # The database's address may hold a password, which a command line would show to everybody.
    place = {"MLFLOW_BACKEND_STORE_URI": tracking.uri}
    command = [sys.executable, "-m", "mlflow", "server", *at, "--workers", "1"]
    os.execve(sys.executable, command, mlflow_environment() | place)  # noqa: S606
