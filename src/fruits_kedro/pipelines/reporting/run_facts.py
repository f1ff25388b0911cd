"""What a report says of the run that made it."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

DATASET = "run_facts"
"""What ``hooks.run_facts`` hands to nodes: environment, differing parameters, versions."""

Facts = dict[str, Any]


def differing_parameters(
    default: Mapping[str, Any], used: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Parameters of a run that are not those of ``conf/base``, by and in order of dotted names."""
    shipped = dict(_leaves(default, ""))
    return [
        {"name": name, "value": str(value), "default": str(shipped.get(name, "not set"))}
        # Files of parameters are merged in any order, which must not look like a change.
        for name, value in sorted(_leaves(used, ""), key=itemgetter(0))
        if value != shipped.get(name)
    ]


def gather_facts(
    run_facts: Facts,
    ingestion: Mapping[str, Any],
    featurization: Mapping[str, Any],
    split: Mapping[str, Any],
    timings: Mapping[str, Any],
) -> Facts:
    """Counts, seconds and versions in one place.

    Args:
        run_facts: As ``hooks.run_facts`` hands them.
        ingestion, featurization, split: Reports of these stages.
        timings: Content of ``timings.json`` so far, or nothing.

    Returns:
        As ``run_facts``, with ``counts``, ``stages``, ``images_per_second`` and more.
    """
    stages = timings.get("pipelines", {})
    rate = _rate(featurization, stages)
    return {
        **run_facts,
        "images": ingestion["images"],
        "counts": ingestion,
        "featurization": featurization,
        "split": split,
        "stages": stages,
        "run": max((stage["run"] for stage in stages.values()), default=None),
        "images_per_second": rate,
    }


def _rate(featurization: Mapping[str, Any], stages: Mapping[str, Any]) -> float | None:
    """Photographs that went through the network, per second of that node; None where none did."""
    seconds = stages.get("featurization", {}).get("nodes", {}).get("compute_features", 0)
    inferred: int = featurization["inferred"]
    return inferred / seconds if inferred and seconds else None


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
