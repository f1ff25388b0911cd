"""What is kept of a run so that it can be compared with others."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PREFIXES = {
    "metrics": "",
    "evaluation": "evaluation/",
    "ingestion_report": "photographs/",
    "featurization_report": "features/",
}
"""Datasets whose numbers are metrics, and what the names of these begin with."""

REPORTS = (*_PREFIXES, "timings")
"""Datasets that hold the numbers of a run."""

_PLACES = ("images", "storage", "tracking", "refresh")
"""Parameters that say where or whether, and not what comes out."""

MAX_TEXT = 500
"""Characters of a parameter or tag: what the smallest of MLflow's stores takes."""


def parameters_of(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every parameter by its dotted name, without the places."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from parameters_of(value, f"{prefix}{name}.")
        elif prefix or name not in _PLACES:
            yield f"{prefix}{name}", str(value)[:MAX_TEXT]


def metrics_of(reports: Mapping[str, Mapping[str, Any]], run_id: str) -> dict[str, float]:
    """The numbers of a run.

    Args:
        reports: Datasets of this run by name, among them ``timings``.
        run_id: Kedro's name of the run, which the timings of its pipelines bear.
    """
    found: dict[str, float] = {}
    for dataset, prefix in _PREFIXES.items():
        found |= dict(_numbers(reports.get(dataset, {}), prefix))
    stages = reports.get("timings", {}).get("pipelines", {})
    timed = {name: stage["seconds"] for name, stage in stages.items() if stage["run"] == run_id}
    found |= {f"seconds/{_metric(name)}": seconds for name, seconds in timed.items()}
    return {**found, "seconds/total": float(sum(timed.values()))}


def run_name(pipelines: list[str], given: Mapping[str, Any]) -> str:
    """What tells a run from others at first sight, in the few letters that a list has room for.

    Args:
        pipelines: Their names, said where they are not the default.
        given: Runtime parameters, nested; their groups are left out.
    """
    told = [f"{name.rpartition('.')[2]}={value}" for name, value in parameters_of(given)]
    named = [name for name in pipelines if name != "__default__"]
    return ", ".join([*named, *(told or ["as configured"])])[:MAX_TEXT]


def _numbers(report: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    """Numbers by their path, but not one for every label or reason."""
    for name, value in report.items():
        if isinstance(value, Mapping) and name != "per_label" and "_by_" not in name:
            yield from _numbers(value, f"{prefix}{_metric(name)}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{_metric(name)}", float(value)


def _metric(name: str) -> str:
    """A name in the characters that MLflow takes for one."""
    return re.sub(r"[^\w. -]", "_", name, flags=re.ASCII) or "_"
