"""Describes problems of parameters in words."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fruits_kedro import FruitsError
from fruits_kedro.parameters import Parameters


def parameter_problems(values: Mapping[str, Any]) -> list[str]:
    """Name every wrong or unknown parameter, with its nearest known name."""
    try:
        Parameters.model_validate(dict(values))
    except ValidationError as error:
        return list(dict.fromkeys(_describe(problem) for problem in error.errors()))
    return []


def refusal(what: str, problems: list[str]) -> FruitsError:
    """One error that names all problems."""
    sentence = f"{what}: " + "; ".join(problems)
    return FruitsError(sentence + (" Nothing was started." if sentence.endswith("?") else "."))


def known_names(model: type[BaseModel] = Parameters, prefix: str = "") -> Iterator[str]:
    """Every parameter by its dotted name."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        yield prefix + name
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known_names(inner, f"{prefix}{name}.")


def _describe(problem: ErrorDetails) -> str:
    name = _name(problem)
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, list(known_names()), n=1, cutoff=0.5)
        return f"{name} is unknown" + (f", did you mean {nearest[0]}?" if nearest else "")
    if problem["type"] == "missing":
        return f"{name} is missing"
    if problem["type"] == "model_type":
        first = next(inner for inner in known_names() if inner.startswith(f"{name}."))
        return f"{name} is {problem['input']!r}: it is a group of parameters such as {first}"
    if name == "reduction.k":
        return (
            f"reduction.k is {problem['input']!r}: give a number of components, 1 or more, or a "
            "share of variance between 0 and 1 such as 0.9"
        )
    message = problem["msg"]
    return f"{name} is {problem['input']!r}: {message[:1].lower()}{message[1:].removesuffix('.')}"


def _name(problem: ErrorDetails) -> str:
    """The dotted name; pydantic adds the branch of a union, such as ``constrained-int``."""
    steps = [str(step) for step in problem["loc"]]
    known = set(known_names())
    if problem["type"] != "extra_forbidden":
        while len(steps) > 1 and ".".join(steps) not in known:
            steps.pop()
    return ".".join(steps)
