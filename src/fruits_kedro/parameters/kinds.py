"""Kinds of one thing, each a module of one package: adding a kind is adding a file."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema


def names_in(package: ModuleType) -> list[str]:
    """The kinds there are, in order; none is imported for it."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def kind_in(package: ModuleType, name: str) -> Any:
    """The module of a kind."""
    return import_module(f"{package.__name__}.{name}")


class ChoiceOf:
    """What a parameter that names a kind may say, for pydantic.

    Args:
        package: Whose modules the kinds are.
        others: What may be said beside them.
    """

    def __init__(self, package: ModuleType, *others: str) -> None:
        self._package, self._others = package, others

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        return {**handler(schema), "enum": self._known()}

    def _known(self) -> list[str]:
        return [*self._others, *names_in(self._package)]

    def _check(self, value: str) -> str:
        known = self._known()
        if value in known:
            return value
        expected = " or ".join([", ".join(map(repr, known[:-1])), repr(known[-1])])
        raise PydanticCustomError("choice", "Input should be {expected}", {"expected": expected})
