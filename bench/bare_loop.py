"""(c) The ceiling: bare loops of decoding and LiteRT in processes of their own, without Spark."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import usable_cores
from bench.photographs import list_photographs
from bench.results import hand_over, new_parser
from bench.stored import load_backbone
from fruits_kedro.model.backbone.artefact import N_FEATURES, Backbone
from fruits_kedro.model.backbone.engine import Engine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.reasons import Reason


def measure(paths: list[Path], backbone: Backbone, processes: int) -> dict[str, Any]:
    """Compute the features of every photograph, the list split evenly among processes.

    Args:
        paths: The photographs.
        backbone: The network, as the project converted it.
        processes: How many, with one thread of LiteRT each.

    Returns:
        Seconds from the moment all interpreters were built until all photographs were done, and
        the same from the start of the first process.
    """
    start = time.perf_counter()
    loops = [_Loop(paths[first::processes], backbone) for first in range(processes)]
    for loop in loops:
        loop.wait_until_ready()
    ready = time.perf_counter()
    for loop in loops:
        loop.begin()
    computed = sum(loop.finish() for loop in loops)
    ended = time.perf_counter()
    return {
        "images": computed,
        "failed": len(paths) - computed,
        "processes": processes,
        "loop_seconds": round(ended - ready, 3),
        "with_start_seconds": round(ended - start, 3),
    }


class _Loop:
    """One process and its share of the photographs."""

    def __init__(self, paths: list[Path], backbone: Backbone) -> None:
        context = multiprocessing.get_context("spawn")  # nothing inherited, as on another machine
        self._here, there = context.Pipe()
        self._process = context.Process(target=_compute, args=(paths, backbone, there), daemon=True)
        self._process.start()
        there.close()  # else the end of the process would not be seen

    def wait_until_ready(self) -> None:
        self._here.recv()

    def begin(self) -> None:
        self._here.send("begin")

    def finish(self) -> int:
        computed: int = self._here.recv()
        self._process.join()
        return computed


def _compute(paths: list[Path], backbone: Backbone, parent: Connection) -> None:
    engine = Engine(backbone.model)
    features = np.empty((len(paths), N_FEATURES), np.float32)
    parent.send("ready")
    parent.recv()
    computed = 0
    for row, path in enumerate(paths):
        pixels = decode(path.read_bytes(), backbone.spec.image_size)
        if not isinstance(pixels, Reason):
            features[row] = engine.features(pixels)
            computed += 1
    parent.send(computed)


def main() -> None:
    """Command line."""
    parser = new_parser(__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("storage", type=Path, help="storage of a run, whose network is taken")
    parser.add_argument("--processes", type=int, default=usable_cores())
    arguments = parser.parse_args()
    paths = list_photographs(arguments.images)
    backbone = load_backbone(arguments.storage)
    hand_over(measure(paths, backbone, arguments.processes), arguments.result)


if __name__ == "__main__":
    main()
