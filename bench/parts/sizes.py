"""What a smaller image size or int8 costs in accuracy and gives in speed."""

from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from bench.kedro_run import read_evaluation, run_kedro
from bench.parts.rounds import PRECISIONS, precision_parameter
from bench.stored import FEATURES, load_backbone
from bench.workbench import Workbench, remove

SIZES = (96, 128, 160, 192, 224)


def run_sizes(bench: Workbench) -> None:
    """Featurization and evaluation for every size and precision; photographs are read once."""
    with bench.scratch("sizes") as storage:
        for size, precision in product(SIZES, PRECISIONS):
            run = partial(_run, bench, storage, size, precision)
            bench.measure("sizes", f"{size} {precision}", 1, run)


def _run(bench: Workbench, storage: Path, size: int, precision: str) -> dict[str, Any]:
    remove(storage / FEATURES)  # a killed try may have left some, which would not be timed
    parameters = {
        "images": bench.images,
        "featurization.image_size": size,
        **precision_parameter(precision),
    }
    options = ["--pipelines=ingestion,featurization,evaluation"]
    run = run_kedro(storage, bench.log("sizes", f"{size} {precision}", 1), parameters, options)
    megabytes = len(load_backbone(storage).model) / 1e6
    return {**run, **read_evaluation(storage), "network_megabytes": round(megabytes, 2)}
