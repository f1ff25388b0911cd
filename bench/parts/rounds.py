"""The rounds: every way of doing the job after the other, each in a fresh process and storage."""

from functools import partial
from pathlib import Path
from typing import Any

from bench.kedro_run import RECORDS, REDUCTION, run_kedro
from bench.processes import run_script
from bench.workbench import Workbench, remove

PRECISIONS = ("float32", "int8")

REDUCTION_NODES = ("split_photographs", *REDUCTION)
"""The first is there to start Spark and read the tables once, outside of what is compared."""


def run_rounds(bench: Workbench, rounds: int) -> None:
    """All rounds; a round's storages go when everything in it was measured."""
    for number in range(1, rounds + 1):
        with bench.scratch("rounds", str(number)) as folder:
            _run_round(bench, number, folder)


def _run_round(bench: Workbench, number: int, folder: Path) -> None:
    bench.measure("original", "", number, partial(_original, bench, number))
    keras = bench.measure("keras", "", number, partial(_keras, bench, number))
    ran = {name: _measure_precision(bench, name, number) for name in PRECISIONS}
    if ran[PRECISIONS[0]]:
        bench.measure("spark_ml", "", number, partial(_spark_ml, bench, number))
        bench.measure("reduction", "", number, partial(_reduction, bench, number))
    if number == 1 and keras:
        for precision in (name for name in PRECISIONS if ran[name]):
            words, log = [folder / "keras", folder / precision], bench.log("equality", precision)
            compare = partial(run_script, "equality", words, log)
            bench.measure("equality", precision, number, compare)


def _measure_precision(bench: Workbench, precision: str, number: int) -> bool:
    """Our run, and the bare loops with the network that it converted; whether our run ended."""
    ran = bench.measure("kedro", precision, number, partial(_kedro, bench, precision, number))
    if ran:
        bench.measure("loop", precision, number, partial(_loop, bench, precision, number))
    return ran is not None


def _original(bench: Workbench, number: int) -> dict[str, Any]:
    output = bench.fresh("rounds", str(number), "original")
    return run_script("original", [bench.images, output], bench.log("original", "", number))


def _keras(bench: Workbench, number: int) -> dict[str, Any]:
    output = bench.fresh("rounds", str(number), "keras")
    return run_script("keras_predict", [bench.images, output], bench.log("keras", "", number))


def _kedro(bench: Workbench, precision: str, number: int) -> dict[str, Any]:
    storage = bench.fresh("rounds", str(number), precision)
    parameters = {"images": bench.images, **precision_parameter(precision)}
    return run_kedro(storage, bench.log("kedro", precision, number), parameters)


def precision_parameter(precision: str) -> dict[str, str]:
    """The default is left unsaid, as a user would."""
    return {} if precision == PRECISIONS[0] else {"featurization.precision": precision}


def _loop(bench: Workbench, precision: str, number: int) -> dict[str, Any]:
    storage = bench.work / "rounds" / str(number) / precision
    return run_script("bare_loop", [bench.images, storage], bench.log("loop", precision, number))


def _spark_ml(bench: Workbench, number: int) -> dict[str, Any]:
    output = bench.fresh("rounds", str(number), "spark_ml")
    storage = bench.work / "rounds" / str(number) / PRECISIONS[0]
    return run_script("spark_ml_reduction", [storage, output], bench.log("spark_ml", "", number))


def _reduction(bench: Workbench, number: int) -> dict[str, Any]:
    storage: Path = bench.work / "rounds" / str(number) / PRECISIONS[0]
    remove(storage / RECORDS)
    options = [f"--nodes={','.join(REDUCTION_NODES)}"]
    run = run_kedro(storage, bench.log("reduction", "", number), {}, options)
    nodes = {name: run["nodes"][name] for name in REDUCTION}
    kept = {name: run[name] for name in ("seconds", "memory", "images")}
    return {**kept, "nodes": nodes, "reduction_seconds": round(sum(nodes.values()), 3)}
