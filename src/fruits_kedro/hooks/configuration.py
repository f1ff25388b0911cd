"""Reads and checks ``conf/`` before anything starts, with all problems in one message."""

import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from omegaconf import OmegaConf

from fruits_kedro import FruitsError, datasets
from fruits_kedro.cluster import session as spark
from fruits_kedro.hooks.tracking import tracking_of, tracking_problems
from fruits_kedro.parameters.checks import parameter_problems, refusal
from fruits_kedro.parameters.facts import fact_problems

_GLOBALS = ("images", "own", "storage", "backgrounds", "tracking")
_NO_PLACE = re.compile(
    r"(None)?$|"  # what the catalog makes of an empty or missing value
    r"s3a?://(/|$)|(s3a?|file):(?!//)|(?!s3a?:|file:).*://",
    re.S,
)


class ConfigurationHooks:
    """Stops a run with a wrong setting in its first second, and passes Spark its settings.

    ``after_context_created`` serves runs and notebooks alike; ``before_dataset_loaded`` does not
    fire for ``catalog.load``.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Raise FruitsError if a parameter, setting or environment is unknown or wrong."""
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot encode a file name must not lose the line.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        check_configuration(context.config_loader)
        spark.configure(_load(context.config_loader, "spark"))


class FruitsConfigLoader(OmegaConfigLoader):
    """``OmegaConfigLoader`` with one-sentence errors and ``${fruits:}``, the facts of fruits.yml.

    Each key is read once: a run asks for the catalog seven times, at half a second each.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._read: dict[str, dict[str, Any]] = {}
        options["runtime_params"] = _own_folders_apart(options.get("runtime_params"))
        super().__init__(*arguments, **options)
        # Kedro registers its own resolver `globals` here too, but that only gives plain values.
        OmegaConf.register_new_resolver("fruits", lambda: _load(self, "fruits"), replace=True)
        OmegaConf.register_new_resolver("own_folders", self._own_folders, replace=True)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The configuration of a key. Raises FruitsError if a file cannot be read."""
        # A value set on the loader directly takes precedence, as in Kedro.
        if key not in self and key in self._read:
            return deepcopy(self._read[key])
        try:
            self._read[key] = super().__getitem__(key)
            return deepcopy(self._read[key])
        except (MissingConfigException, KeyError):
            raise
        except Exception as error:  # YAML, OmegaConf and Kedro share no parent
            first = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".:")
            folders = dict.fromkeys((self.base_env, self.env or self.default_run_env))
            files = " or ".join(f"conf/{folder}/{key}*.yml" for folder in folders)
            raise FruitsError(
                f"The configuration of {key} cannot be read ({first}): correct {files}, or the "
                "value in --params."
            ) from error

    def _own_folders(self, otherwise: str | None) -> str:
        """Folders of own photographs: those of the parameters, else of the environment."""
        folders = _load(self, "parameters").get("own", {}).get("folders") or otherwise or ""
        return folders if isinstance(folders, str) else ",".join(folders)


def _own_folders_apart(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Move ``--params=own=FOLDER`` to ``own.folders``, so that it does not replace the group."""
    own = (given or {}).get("own")
    if not given or own is None or isinstance(own, dict):
        return given
    folders = own.split(",") if isinstance(own, str) else list(own)
    return {**given, "own": {"folders": [name.strip() for name in folders if name.strip()]}}


def check_configuration(loader: Any) -> None:
    """Check the environment, its files, parameters, Spark settings, facts and places.

    Raises FruitsError naming every problem.
    """
    _require_environment(loader)
    parameters = parameter_problems(_load(loader, "parameters"))
    catalog = _load(loader, "catalog")
    entries = list(catalog_problems(catalog))
    if not entries:
        parameters += place_problems(catalog)
    parameters += tracking_problems(tracking_of(loader))
    unknown = [name for name in _load(loader, "globals") if name not in _GLOBALS]
    files = [
        *entries,
        *(f"{n} is unknown in globals.yml{nearest_hint(n, _GLOBALS)}" for n in unknown),
        *spark.setting_problems(_load(loader, "spark")),
        *fact_problems(_load(loader, "fruits")),
    ]
    if parameters or files:
        raise refusal("Wrong configuration" if files else "Wrong parameters", parameters + files)


def storage_of(catalog: dict[str, Any]) -> str:
    """The storage root of a resolved catalog, as it was given."""
    return str(catalog["metrics"].get("filepath")).removesuffix("/08_reporting/metrics.json")


def nearest_hint(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """ ", did you mean …?" for a misspelt name, else ``otherwise``."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {nearest[0]}?" if nearest else otherwise


def _require_environment(loader: Any) -> None:
    source, name = str(loader.conf_source), loader.env or loader.default_run_env
    root = Path(source)
    if "://" not in source and not root.exists():
        raise FruitsError(
            f"There is no configuration in {root}: run in the project's folder, or name its "
            "configuration, --conf-source=FOLDER or the conf-fruits_kedro.tar.gz of kedro package."
        )
    if not root.is_dir() or (root / name).is_dir():
        return
    known = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
    hint = nearest_hint(name, known, ".")
    raise FruitsError(
        f"There is no environment {name} in {root}{hint} Choose one of {', '.join(known)}."
    )


def _load(loader: Any, key: str) -> dict[str, Any]:
    """The configuration of a key, empty if there is no such file."""
    try:
        return loader[key]
    except MissingConfigException:
        return {}


def catalog_problems(catalog: dict[str, Any]) -> Iterator[str]:
    """Problems in the structure of entries; datasets check their own arguments."""
    ours = [f"fruits_kedro.datasets.{name}" for name in datasets.__all__]
    for name, entry in catalog.items():
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str):
            yield f"the catalog's {name} has no type: give the class of a dataset"
        elif kind.startswith("fruits_kedro.") and kind not in ours:
            yield f"the catalog's {name} is a {kind}, which is unknown{nearest_hint(kind, ours)}"


def place_problems(catalog: dict[str, Any]) -> Iterator[str]:
    """Problems of ``images`` and ``storage``, found without opening anything."""
    images = str(catalog["raw_images"].get("filepath"))
    places = {"images": images, "storage": storage_of(catalog)}
    for name, place in places.items():
        if "@" in place.partition("://")[2].split("/")[0]:
            yield (
                f"{name} holds a user or password before its '@': remove them, and give "
                "credentials in the standard AWS environment"
            )
        elif _NO_PLACE.match(place):
            yield f"{name} is {place!r}: give a folder or an s3:// URI with a bucket"
        else:
            try:
                os.fsencode(place)  # for the file system
                place.encode()  # for JSON
            except UnicodeEncodeError:
                yield (
                    f"{name} is {place!r}, which the locale of this shell cannot encode: set "
                    "LC_ALL=C.UTF-8 and leave PYTHONUTF8 unset"
                )
