"""Runs the project as its users do and reads the reports of the run."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.processes import run_process
from fruits_kedro import FruitsError

NO_COPIES = {"augmentation.copies": 0}
"""The yardsticks make no augmented copies."""

FEATURIZATION = "compute_features"
"""The node that decodes photographs and computes features."""


def run_kedro(
    storage: Path, log: Path, parameters: Mapping[str, object], options: Sequence[str] = ()
) -> dict[str, Any]:
    """``kedro run`` in its own process.

    Returns:
        ``seconds`` and ``memory`` (as ``run_process``); ``stages`` and ``nodes``, seconds of every
        pipeline and node; ``images``, the photographs kept; ``accuracy``, None if not measured.
    """
    outcome = run_process(kedro_command(storage, parameters, options), log)
    timings = _read_report(storage, "timings")["pipelines"]
    metrics = storage / "08_reporting" / "metrics.json"
    return {
        **outcome,
        "stages": {name: stage["seconds"] for name, stage in timings.items()},
        "nodes": {name: spent for one in timings.values() for name, spent in one["nodes"].items()},
        "images": _read_report(storage, "ingestion")["kept"],
        "accuracy": json.loads(metrics.read_text())["accuracy"] if metrics.exists() else None,
    }


def kedro_command(
    storage: Path, parameters: Mapping[str, object], options: Sequence[str] = ()
) -> list[str]:
    """The command line of a run."""
    values = {**parameters, "storage": storage}
    assigned = ",".join(f"{name}={value}" for name, value in values.items())
    program = Path(sys.executable).parent / "kedro"
    return [str(program), "run", *options, f"--params={assigned}"]


def _read_report(storage: Path, name: str) -> Any:
    path = storage / "08_reporting" / f"{name}.json"
    if not path.exists():
        raise FruitsError(f"The run succeeded without writing {path}: look into its log.")
    return json.loads(path.read_text())
