"""Where runs are recorded: nowhere, in an SQLite file or by a tracking server."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException

OFF = "off"
_FILE = "sqlite:///"
_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
_USER = re.compile(r"(?<=://)[^/@]+@")


@dataclass(frozen=True)
class Tracking:
    """A place to record runs in.

    Attributes:
        uri: An SQLite file (absolute) or a server, as MLflow takes it; may hold a password.
        told: kedro-mlflow's configuration with it (``mlflow``), and the ``project``'s folder.
    """

    uri: str
    told: dict[str, Any]

    @property
    def database(self) -> Path | None:
        """The SQLite file, where it is one."""
        return Path(self.uri.removeprefix(_FILE)) if self.uri.startswith(_FILE) else None

    @property
    def is_new(self) -> bool:
        """Whether it is a file that is not there yet."""
        return self.database is not None and not self.database.exists()

    @property
    def shown(self) -> str:
        """The place as a user may read it."""
        return str(self.database or without_user(self.uri))


def tracking_of(loader: Any, project: Path) -> Tracking | None:
    """Where the configuration says that runs are recorded; None where they are not.

    Args:
        loader: A ``FruitsConfigLoader``.
        project: The project's folder, below which a relative SQLite file lies.
    """
    try:
        told = loader["mlflow"]
    except MissingConfigException:
        return None
    uri = _setting(told)
    if is_off(uri):
        return None
    if uri.startswith(_FILE):
        uri = f"{_FILE}{project / uri.removeprefix(_FILE)}"
    server = {**told["server"], "mlflow_tracking_uri": uri}
    return Tracking(uri, {"mlflow": {**told, "server": server}, "project": str(project)})


def tracking_problems(told: dict[str, Any]) -> list[str]:
    """Say what is wrong with the setting ``tracking``; nothing where all is right.

    Args:
        told: kedro-mlflow's configuration, with it.
    """
    value = _setting(told)
    is_text = isinstance(value, str)
    known = is_text and re.match(rf"({'|'.join(_SCHEMES)})(\+\w+)?://.", value)
    if is_off(value) or (known and value != _FILE):
        return []
    shown = without_user(value) if is_text else str(value).lower()
    return [
        f"tracking is {shown!r}: give off, {_FILE}FILE, or the address of a tracking server such "
        "as http://host:5000"
    ]


def is_off(value: Any) -> bool:
    """Whether nothing is recorded; YAML takes a bare ``off`` for false."""
    return value in (None, False, "", OFF)


def without_user(text: str) -> str:
    """The same text where a URI in it may hold a user and a password, without them."""
    return _USER.sub("", text)


def _setting(told: dict[str, Any]) -> Any:
    return told.get("server", {}).get("mlflow_tracking_uri")
