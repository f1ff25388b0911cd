"""What is wrong with the parameters of a run, in words; their schema is in ``parameters.py``."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fruits_kedro import FruitsError
from fruits_kedro.parameters import Parameters


def check_parameters(values: Mapping[str, Any]) -> Parameters:
    """Validate all parameters together.

    Raises:
        FruitsError: Naming every wrong or unknown parameter, with its nearest known name.
    """
    problems = parameter_problems(values)
    if problems:
        raise refusal("Wrong parameters", problems)
    return Parameters.model_validate(dict(values))


def parameter_problems(values: Mapping[str, Any]) -> list[str]:
    """Say what is wrong, parameter by parameter; nothing where all is right."""
    try:
        Parameters.model_validate(dict(values))
    except ValidationError as error:
        return list(dict.fromkeys(_describe(problem) for problem in error.errors()))
    return []


def refusal(what: str, problems: list[str]) -> FruitsError:
    """One error that tells all problems."""
    sentence = f"{what}: " + "; ".join(problems)
    return FruitsError(sentence + (" Nothing was started." if sentence.endswith("?") else "."))


def _describe(problem: ErrorDetails) -> str:
    location = [str(step) for step in problem["loc"]]
    names = [name for name in location if name not in _union_steps(location)]
    name = ".".join(names)
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, list(known_names()), n=1, cutoff=0.5)
        hint = f", did you mean {nearest[0]}?" if nearest else ""
        return f"{name} is unknown{hint}"
    if problem["type"] == "missing":
        return f"{name} is missing"
    if problem["type"] == "model_type":
        first = next(inner for inner in known_names() if inner.startswith(f"{name}."))
        return f"{name} is {problem['input']!r}: it is a group of parameters such as {first}"
    if name == "reduction.k":
        return (
            f"reduction.k is {problem['input']!r}: give a number of components from 1 to 1280, or "
            "a share of variance between 0 and 1 such as 0.9"
        )
    return f"{name} is {problem['input']!r}: {_lower_first(problem['msg'])}"


def known_names(model: type[BaseModel] = Parameters, prefix: str = "") -> Iterator[str]:
    """Every parameter by its dotted name."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        yield prefix + name
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known_names(inner, f"{prefix}{name}.")


def _union_steps(location: list[str]) -> set[str]:
    """Steps that pydantic adds for the branches of a union."""
    known = set(".".join(known_names()).split("."))
    return {step for step in location if step not in known and "[" in step} | (
        {"int", "float", "str", "constrained-int", "constrained-float"} & set(location)
    )


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].removesuffix(".")
