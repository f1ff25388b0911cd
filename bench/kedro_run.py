"""(d) Running the project as its users do, and what it says of its own time."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.processes import ROOT, PartFailedError, run_process

CONVERSION = ("sample_calibration_pixels", "make_backbone")
MAP = ("place_map_points", "plot_tsne_map")
REPORT = "reporting"
"""A pipeline."""
FEATURIZATION = "compute_features"
REDUCTION = ("fit_reducer_on_train", "reduce_photographs")
"""Names of nodes. Only int8 needs calibration; it belongs to the conversion, once per storage."""

RECORDS = ".node_records.json"
"""What the runner knows of earlier runs; without it every node runs."""


def run_kedro(
    storage: Path,
    log: Path,
    parameters: Mapping[str, object],
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """``kedro run`` in a process of its own.

    Args:
        storage: Where the run's datasets go.
        log: File that takes what it prints.
        parameters: Beside ``storage``, by name.
        options: Of ``kedro run``, beside ``--params``.

    Returns:
        What ``run_process`` returns, ``summarise_timings`` of the run, and its reports.
    """
    outcome = run_process(kedro_command(storage, parameters, options), log)
    reports = {name: _read_report(storage, name) for name in ("ingestion", "featurization")}
    timings = summarise_timings(_read_report(storage, "timings"), outcome["seconds"])
    return {**outcome, **timings, **_counts(reports), "accuracy": _accuracy(storage)}


def kedro_command(
    storage: Path, parameters: Mapping[str, object], options: Sequence[str] = ()
) -> list[str]:
    """The command line of a run."""
    # The original makes no augmented copies, and what it does is what is measured.
    values = {**parameters, "augmentation.copies": 0, "storage": storage}
    assigned = ",".join(f"{name}={_text(value)}" for name, value in values.items())
    program = Path(sys.executable).parent / "kedro"
    return [str(program), "run", *options, f"--params={assigned}"]


def summarise_timings(timings: Mapping[str, Any], wall: float) -> dict[str, Any]:
    """What a run's ``timings.json`` says of that run.

    The file also holds what earlier runs measured of pipelines that this one had not; those are
    left out.

    Args:
        timings: Content of the file.
        wall: Seconds of the whole process.

    Returns:
        ``stages`` and ``nodes`` in seconds, ``conversion``, ``map`` and ``report`` of these,
        ``whole`` (wall time without the three, which the original's way does not have), and
        ``outside`` (wall time outside of any stage: Python's start).
    """
    stages = timings["pipelines"]
    newest = max(stage["run"] for stage in stages.values())
    mine = {name: stage for name, stage in stages.items() if stage["run"] == newest}
    nodes = {name: spent for stage in mine.values() for name, spent in stage["nodes"].items()}
    conversion = round(sum(nodes.get(name, 0.0) for name in CONVERSION), 3)
    drawing = round(sum(nodes.get(name, 0.0) for name in MAP), 3)
    report = mine.get(REPORT, {}).get("seconds", 0.0)
    return {
        "stages": {name: stage["seconds"] for name, stage in mine.items()},
        "nodes": nodes,
        "conversion": conversion,
        "map": drawing,
        "report": report,
        "whole": round(wall - conversion - drawing - report, 3),
        "outside": round(wall - sum(stage["seconds"] for stage in mine.values()), 3),
    }


def copy_conf(target: Path, spark_settings: Mapping[str, str]) -> Path:
    """A copy of the project's configuration with Spark settings of its own.

    Args:
        target: Folder to make.
        spark_settings: Spark's names and values; they come after those of ``conf/base``.

    Returns:
        The folder, for ``kedro run --conf-source``.
    """
    shutil.copytree(ROOT / "conf", target)
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in spark_settings.items()]
    (target / "local" / "spark.yml").write_text("".join(lines))
    return target


def base_spark_setting(name: str) -> str:
    """A Spark setting of ``conf/base`` as it is written there, unresolved."""
    settings: dict[str, str] = yaml.safe_load((ROOT / "conf" / "base" / "spark.yml").read_text())
    return settings[name]


def read_evaluation(storage: Path) -> dict[str, float | None]:
    """Accuracy on the Test folders and on unseen capture groups, None where there are none."""
    evaluation = _read_report(storage, "evaluation")
    return {
        "folder": evaluation["folder"].get("accuracy"),
        "capture": evaluation["capture"].get("mean"),
    }


def _counts(reports: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "images": reports["featurization"]["features"],
        "inferred": reports["featurization"]["inferred"],
        "duplicates": reports["ingestion"]["duplicates"],
        "rejected": reports["ingestion"]["rejected"],
        "undecodable": reports["featurization"]["undecodable"],
    }


def _accuracy(storage: Path) -> float | None:
    """Of the kept classifier, where this storage has one."""
    if not _report_path(storage, "metrics").exists():
        return None
    accuracy: float = _read_report(storage, "metrics")["accuracy"]
    return accuracy


def _read_report(storage: Path, name: str) -> Any:
    path = _report_path(storage, name)
    if not path.exists():
        raise PartFailedError(f"the run ended well and left no {path}")
    return json.loads(path.read_text())


def _report_path(storage: Path, name: str) -> Path:
    return storage / "08_reporting" / f"{name}.json"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
