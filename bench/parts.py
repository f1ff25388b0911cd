"""The parts of the benchmark: what each measures, in which order, on which photographs."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.kedro_run import NO_COPIES, run_kedro
from bench.keras_features import compare, load_features
from bench.large import write_large
from bench.processes import run_module
from bench.scripts import SAMPLE, WEIGHTS
from bench.workbench import Workbench

OURS, COPIES, PLAIN, ORIGINAL = "ours", "copies", "plain", "original"
WAYS = {
    "sample": (OURS, COPIES, PLAIN),
    "test": (OURS, PLAIN),
    "all": (OURS, COPIES, PLAIN, ORIGINAL),
}
"""Ways of doing the whole job, by folder of photographs, in the order of a round."""

GROWTH_ROWS = (100_000, 300_000, 1_000_000)

DECODING = {"scaled": "true", "full": "false"}
"""Values of ``featurization.scaled_decoding``."""

FEATURES_ONLY = ("--pipelines=ingestion,featurization",)


def run_rounds(bench: Workbench, rounds: int) -> None:
    """The whole job by every way, each in its own process and on empty storage."""
    folders = {"sample": SAMPLE, "test": bench.images / "Test", "all": bench.images}
    for number in range(1, rounds + 1):
        for name, ways in WAYS.items():
            for way in ways if folders[name].is_dir() else ():
                run = partial(_do_job, bench, way, folders[name])
                bench.measure("rounds", f"{name} {way}", number, run)


def _do_job(bench: Workbench, way: str, images: Path, log: Path) -> dict[str, Any]:
    output = bench.fresh("job")
    if way == ORIGINAL:
        return run_module("original", [images, output], log)
    if way == PLAIN:
        return run_module("plain", [images, shipped_network(), output], log)
    return run_kedro(output, log, {"images": images, **({} if way == COPIES else NO_COPIES)})


def shipped_network() -> Path:
    """The converted network that ships in the package."""
    return next(WEIGHTS.parent.glob("*.tflite"))


def run_equality(bench: Workbench, _: int) -> None:
    """Features of all photographs against Keras's."""

    def run(log: Path) -> dict[str, Any]:
        storage = bench.fresh("job")
        parameters = {"images": bench.images, **NO_COPIES}
        run_kedro(storage, log.with_suffix(".run.log"), parameters, FEATURES_ONLY)
        return run_module("keras_features", [bench.images, storage], log)

    bench.measure("equality", "all", 1, run)


def run_growth(bench: Workbench, _: int) -> None:
    """Every stage but reading and the network on made-up rows, 100,000 to a million."""

    def run(rows: int, log: Path) -> dict[str, Any]:
        work = bench.fresh("job")
        run_module("made_up", [work, rows], log.with_suffix(".made_up.log"))
        return run_module("growth", [work], log)

    for rows in GROWTH_ROWS:
        bench.measure("growth", str(rows), 1, partial(run, rows))


def run_large(bench: Workbench, _: int) -> None:
    """Photographs of 12 megapixels, decoded at a fraction of their size and in full."""
    # There and back, so that a drift of the machine cancels out.
    for number, order in enumerate((("scaled", "full"), ("full", "scaled")), start=1):
        bench.measure("large", "both", number, partial(_decode_both, bench, order))


def _decode_both(bench: Workbench, order: tuple[str, str], log: Path) -> dict[str, Any]:
    folder = bench.fresh("job")
    write_large(bench.images, folder / "photographs")
    runs = {}
    for variant in order:
        parameters = {
            "images": folder / "photographs",
            "featurization.scaled_decoding": DECODING[variant],
            **NO_COPIES,
        }
        its_log = log.with_suffix(f".{variant}.log")
        runs[variant] = run_kedro(folder / variant, its_log, parameters, FEATURES_ONLY)
    full, scaled = (load_features(folder / name) for name in ("full", "scaled"))
    matrices = (np.array([features[key] for key in full]) for features in (full, scaled))
    seconds = sum(run["seconds"] for run in runs.values())
    return {"seconds": seconds, **runs, **compare(*matrices)}
