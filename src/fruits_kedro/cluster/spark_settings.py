"""What is wrong with the Spark settings of an environment, without asking a JVM.

Spark ignores a name it does not know, and says of a value it cannot read only after seconds, in a
Java stack trace. Names and kinds of values are Spark's own, listed by
``tools/list_spark_settings.py``.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_LIKE_A_KNOWN_NAME = 0.92
"""Similarity from which an unknown name is taken for a misspelt one. Vendors have settings of
their own (``spark.emr…``); 0.89 is the closest of those that were tried, 0.96 the farthest typo."""

_SECRET = re.compile(r"(?i)secret|password|token|access[.]?key")
"""Spark's own pattern (``spark.redaction.regex``) of names whose values nobody shall read."""

_OWN = {"spark.master": "master"}
"""Settings that Spark reads without registering them."""

_KINDS: dict[str, tuple[str, str]] = {
    "boolean": (r"true|false", "true or false"),
    "int": (r"[+-]?\d{1,10}", "a whole number"),
    "long": (r"[+-]?\d{1,19}", "a whole number"),
    "double": (r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", "a number"),
    "size": (r"\d+([kmgtp]?b?)", "a size such as 512m or 4g"),
    "time": (r"-?\d+(us|ms|s|m|min|h|d)?", "a time such as 30s or 5min"),
    "master": (
        r"local(-cluster)?(\[[\d*, ]+\])?|yarn|(spark|k8s)://\S+",
        "a master such as local[*], yarn or spark://host:7077",
    ),
}
"""Pattern of the values of a kind, in any case, and how to say it."""


def setting_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong, setting by setting; nothing where all is right.

    Args:
        settings: Names to values as YAML has them; None leaves a name unset.
    """
    for name, value in settings.items():
        yield from _name_problem(str(name))
        if value is not None:
            yield from _value_problem(str(name), value)


def as_text(value: Any) -> str:
    """A value as Spark writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name_problem(name: str) -> Iterator[str]:
    if name in _known():
        return
    is_ours = name.startswith("spark.")
    cutoff = _LIKE_A_KNOWN_NAME if is_ours else 0.6
    nearest = difflib.get_close_matches(name, _known(), n=1, cutoff=cutoff)
    hint = f", did you mean {nearest[0]}?" if nearest else ""
    if not is_ours:
        yield f"{name} is no Spark setting, whose names begin with 'spark.'{hint}"
    elif nearest:
        yield f"{name} is unknown to Spark{hint}"


def _value_problem(name: str, value: Any) -> Iterator[str]:
    kind = _known().get(name, "text")
    shown = "set" if _SECRET.search(name) else repr(value)
    if not isinstance(value, str | int | float):
        yield f"{name} is {shown}: give text, a number, true or false"
    elif "|" in kind:
        choices = kind.split("|")
        if as_text(value).strip().lower() not in (choice.lower() for choice in choices):
            yield f"{name} is {shown}: give one of {', '.join(choices)}"
    elif kind in _KINDS:
        pattern, meaning = _KINDS[kind]
        if not re.fullmatch(pattern, as_text(value).strip(), re.IGNORECASE):
            yield f"{name} is {shown}: give {meaning}"


@cache
def _known() -> dict[str, str]:
    text = (files("fruits_kedro") / "cluster" / "spark_settings.tsv").read_text()
    return dict(line.split("\t") for line in text.splitlines()) | _OWN
