"""Two worker cores against one, inside Spark and as a bare loop."""

from functools import partial
from pathlib import Path
from typing import Any

from bench.kedro_run import copy_conf, run_kedro
from bench.processes import run_script
from bench.stored import FEATURES
from bench.workbench import Workbench, remove

ORDER = ((1, 1), (2, 1), (2, 2), (1, 2))
"""Cores and number of the measurement: there and back, so that a drift cancels out."""


def run_cores(bench: Workbench) -> None:
    """Featurization of the same stored photographs on one core and on two."""
    with bench.scratch("cores"):
        for cores, number in ORDER:
            bench.measure("cores", f"spark {cores}", number, partial(_spark, bench, cores, number))
            bench.measure("cores", f"loop {cores}", number, partial(_loop, bench, cores, number))


def _spark(bench: Workbench, cores: int, number: int) -> dict[str, Any]:
    storage = _storage(bench)
    remove(storage / FEATURES)
    conf = copy_conf(bench.fresh("cores", "conf"), {"spark.master": f"local[{cores},4]"})
    log = bench.log("cores", f"spark {cores}", number)
    options = ["--pipelines=featurization", f"--conf-source={conf}"]
    return run_kedro(storage, log, {"images": bench.images}, options)


def _loop(bench: Workbench, cores: int, number: int) -> dict[str, Any]:
    log = bench.log("cores", f"loop {cores}", number)
    return run_script("bare_loop", [bench.images, _storage(bench), "--processes", cores], log)


def _storage(bench: Workbench) -> Path:
    """A storage in which photographs and network are, made where it is missing."""
    storage = bench.work / "cores" / "storage"
    if not (storage / FEATURES).parent.exists():
        options = ["--pipelines=ingestion,featurization"]
        log = bench.log("cores", "preparation")
        run_kedro(bench.fresh("cores", "storage"), log, {"images": bench.images}, options)
    return storage
