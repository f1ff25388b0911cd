"""Ten times the photographs: how time and the driver's memory grow."""

from functools import partial
from pathlib import Path
from typing import Any

from bench.garbage_log import largest_heap_left, log_option
from bench.grow import grow
from bench.kedro_run import base_spark_setting, copy_conf, run_kedro
from bench.workbench import Workbench

TIMES = 10
JAVA_OPTIONS = "spark.driver.extraJavaOptions"

ORDER = (("once", 1), ("grown", 1), ("once", 2))
"""The short run before and after the long one, so that a drift of the machine shows."""


def run_scale(bench: Workbench) -> None:
    """Ingestion and featurization of the photographs, and of ten copies of each."""
    with bench.scratch("scale") as folder:
        for variant, number in ORDER:
            images = folder / "photographs" if variant == "grown" else bench.images
            bench.measure("scale", variant, number, partial(_run, bench, variant, number, images))


def _run(bench: Workbench, variant: str, number: int, images: Path) -> dict[str, Any]:
    if variant == "grown":
        grow(bench.images, bench.fresh("scale", "photographs"), TIMES)
    collections = bench.fresh("scale", "collections")
    options = f"{base_spark_setting(JAVA_OPTIONS)} {log_option(collections)}"
    conf = copy_conf(bench.fresh("scale", "conf"), {JAVA_OPTIONS: options})
    run = run_kedro(
        bench.fresh("scale", "storage"),
        bench.log("scale", variant, number),
        {"images": images},
        ["--pipelines=ingestion,featurization", f"--conf-source={conf}"],
    )
    return {**run, "heap_left": largest_heap_left(collections)}
