"""Facts about the run, for the report."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

DATASET = "run_facts"
"""Dataset that ``hooks.telling`` fills: environment, differing parameters, versions."""


def differing_parameters(
    default: Mapping[str, Any], used: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Parameters of a run that differ from ``conf/base``, in the order of their dotted names."""
    shipped = dict(_leaves(default, ""))
    return [
        {"name": name, "value": str(value), "default": str(shipped.get(name, "not set"))}
        # Parameter files are merged in any order; order is no difference.
        for name, value in sorted(_leaves(used, ""), key=itemgetter(0))
        if value != shipped.get(name)
    ]


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
