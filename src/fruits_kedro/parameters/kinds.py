"""Kinds of classifiers, networks and splits: each is a module, so adding one means adding a file.

Packages are given by name, so that the schema of parameters does not import them.
"""

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

CLASSIFIERS = "fruits_kedro.model.classifiers"
NETWORKS = "fruits_kedro.model.networks"
SPLIT_METHODS = "fruits_kedro.photos.split_methods"


def names_in(package: str) -> list[str]:
    """The names of the kinds in a package, sorted, without importing them."""
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return sorted(module.name for module in pkgutil.iter_modules(places or []))


def kind_in(package: str, name: str) -> Any:
    """The module of a kind."""
    return import_module(f"{package}.{name}")


@dataclass(frozen=True)
class ChoiceOf:
    """Pydantic check of a parameter that names a kind, or is one of some other values.

    Attributes:
        package: The package whose modules are the kinds.
        others: Further accepted values.
    """

    package: str
    others: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.literal_schema([*self.others, *names_in(self.package)])
