"""Photographs of 12 megapixels, with the decoder's scaled decoding and without."""

import time
from functools import partial
from typing import Any

from bench.equality import compare
from bench.kedro_run import run_kedro
from bench.large import write_large
from bench.stored import load_features
from bench.workbench import Workbench

DECODING = {"scaled": True, "full": False}

ORDER = (("scaled", 1), ("full", 1), ("full", 2), ("scaled", 2))
"""There and back, so that a drift of the machine cancels out."""


def run_large(bench: Workbench) -> None:
    """Ingestion and featurization of large photographs, and how far their features are apart."""
    with bench.scratch("large"):
        ran = [
            bench.measure("large", variant, number, partial(_run, bench, variant, number))
            for variant, number in ORDER
        ]
        if all(ran):
            bench.measure("large", "cosine", 1, partial(_compare, bench))


def _run(bench: Workbench, variant: str, number: int) -> dict[str, Any]:
    photographs = bench.work / "large" / "photographs"
    if not photographs.exists():
        # Under another name until all are there: a killed benchmark must not leave half of them.
        write_large(bench.images, bench.fresh("large", "unfinished"))
        (bench.work / "large" / "unfinished").rename(photographs)
    sizes = [path.stat().st_size for path in photographs.rglob("*.*")]
    storage = bench.fresh("large", variant)
    parameters = {"images": photographs, "featurization.scaled_decoding": DECODING[variant]}
    options = ["--pipelines=ingestion,featurization"]
    run = run_kedro(storage, bench.log("large", variant, number), parameters, options)
    return {**run, "megabytes_each": round(sum(sizes) / len(sizes) / 1e6, 2)}


def _compare(bench: Workbench) -> dict[str, Any]:
    start = time.perf_counter()
    full = load_features(bench.work / "large" / "full")
    scaled = load_features(bench.work / "large" / "scaled")
    compared = compare(full.values, scaled.of(full.sha256))
    seconds = round(time.perf_counter() - start, 3)
    return {"seconds": seconds, "images": len(full.sha256), **compared}
