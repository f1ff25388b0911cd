"""Facts about the run, for the report."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

DATASET = "run_facts"
"""Filled by ``hooks.telling``: environment, differing parameters, versions."""

Facts = dict[str, Any]


def differing_parameters(
    default: Mapping[str, Any], used: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Parameters of a run that differ from ``conf/base``, in the order of their dotted names."""
    shipped = dict(leaves(default))
    return [
        {"name": name, "value": str(value), "default": str(shipped.get(name, "not set"))}
        # Parameter files are merged in any order; order is no difference.
        for name, value in sorted(leaves(used), key=itemgetter(0))
        if value != shipped.get(name)
    ]


def gather_facts(
    run_facts: Facts,
    ingestion: Mapping[str, Any],
    featurization: Mapping[str, Any],
    timings: Mapping[str, Any],
) -> Facts:
    """Gather counts, seconds, versions and parameters of the run.

    ``timings`` is the content of ``timings.json`` so far, empty in a first run.
    ``images_per_second`` is the rate of ``compute_features``, None if it computed none.
    """
    stages = timings.get("pipelines", {})
    seconds = stages.get("featurization", {}).get("nodes", {}).get("compute_features", 0)
    inferred: int = featurization["inferred"]
    return {
        **run_facts,
        "images": ingestion["images"],
        "counts": ingestion,
        "featurization": featurization,
        "stages": stages,
        "run": max((stage["run"] for stage in stages.values()), default=None),
        "images_per_second": inferred / seconds if inferred and seconds else None,
    }


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every parameter by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
