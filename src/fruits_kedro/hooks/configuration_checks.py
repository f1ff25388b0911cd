"""Everything a run is told, checked before anything starts, with all problems in one message."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException

from fruits_kedro import FruitsError, datasets
from fruits_kedro.cluster.session import setting_problems
from fruits_kedro.hooks.recording.setting import tracking_problems
from fruits_kedro.parameters.checks import parameter_problems, refusal
from fruits_kedro.parameters.facts import fact_problems
from fruits_kedro.storage.files import is_local

_GLOBALS = ("images", "storage", "backgrounds", "tracking")
_SCHEMES = ("s3", "s3a", "file")
_PLACES = ("raw_images", "metrics")
"""Entries that say where photographs come from and where results go."""
_REPORTS = "/08_reporting/metrics.json"


def check_configuration(loader: Any) -> None:
    """Check the environment, its files, parameters, Spark settings, facts and places.

    Args:
        loader: A ``FruitsConfigLoader``.

    Raises:
        FruitsError: Naming every problem.
    """
    _require_environment(loader)
    parameters = parameter_problems(_load(loader, "parameters"))
    catalog = _load(loader, "catalog")
    entries = list(_catalog_problems(catalog))
    if not entries:
        parameters += _place_problems(catalog)
    parameters += tracking_problems(_load(loader, "mlflow"))
    files = [
        *entries,
        *_global_problems(_load(loader, "globals")),
        *setting_problems(_load(loader, "spark")),
        *fact_problems(_load(loader, "fruits")),
    ]
    if parameters or files:
        raise refusal("Wrong configuration" if files else "Wrong parameters", parameters + files)


def storage_of(catalog: dict[str, Any]) -> str:
    """The storage root that a catalog resolved to, as it was given."""
    filepath: str = catalog["metrics"]["filepath"]
    return filepath.removesuffix(_REPORTS)


def _require_environment(loader: Any) -> None:
    root, name = Path(str(loader.conf_source)), loader.env or loader.default_run_env
    if not root.is_dir() or (root / name).is_dir():
        return
    known = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f", did you mean {nearest[0]}?" if nearest else "."
    raise FruitsError(
        f"There is no environment {name} in {root}{hint} There are {', '.join(known)}."
    )


def _load(loader: Any, key: str) -> dict[str, Any]:
    """What is configured of a key; nothing where there is no such file."""
    try:
        values: dict[str, Any] = loader[key]
    except MissingConfigException:
        return {}
    return values


def _global_problems(values: dict[str, Any]) -> Iterator[str]:
    for name in values:
        if name not in _GLOBALS:
            nearest = difflib.get_close_matches(name, _GLOBALS, n=1)
            hint = f", did you mean {nearest[0]}?" if nearest else ""
            yield f"{name} is unknown in globals.yml{hint}"


def _catalog_problems(catalog: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the shape of entries; their arguments are the dataset's to check."""
    ours = [f"fruits_kedro.datasets.{name}" for name in datasets.__all__]
    for name, entry in catalog.items():
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str):
            yield f"the catalog's {name} has no type: give the class of a dataset"
        elif kind.startswith("fruits_kedro.") and kind not in ours:
            nearest = difflib.get_close_matches(kind, ours, n=1)
            hint = f", did you mean {nearest[0]}?" if nearest else ""
            yield f"the catalog's {name} is a {kind}, which is unknown{hint}"
        elif name in _PLACES and not isinstance(entry.get("filepath"), str):
            yield (
                f"filepath of the catalog's {name} is {entry.get('filepath')!r}: give a folder or "
                "an s3:// URI"
            )


def _place_problems(catalog: dict[str, Any]) -> Iterator[str]:
    places = {"images": catalog["raw_images"]["filepath"], "storage": storage_of(catalog)}
    for name, place in places.items():
        if "@" in place.partition("://")[2].split("/")[0]:
            yield (
                f"{name} holds a user or password before its '@': leave them out, and give "
                "credentials in the standard AWS environment"
            )
        elif not is_local(place) and place.split("://")[0] not in _SCHEMES:
            yield f"{name} is {place!r}: give a folder or an s3:// URI"
        elif re.match(r"(s3a?|file):(?!//)", place):
            yield f"{name} is {place!r}: a URI begins with {place.split(':')[0]}://"
        elif re.match(r"s3a?://(/|$)", place):
            yield f"{name} is {place!r}: the bucket is missing"
