"""Runs a LiteRT file, one photograph at a time, on one thread.

Each Python worker has one interpreter with one thread, because Spark's tasks fill the cores. Single
images keep activations in the cache, which was measured faster than any batch.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import numpy.typing as npt


class Engine:
    """A LiteRT interpreter with allocated tensors, of a backbone or a phone file."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with _silent():  # it prints a line on standard error; no setting turns that off
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features of a backbone; of a phone file the probabilities and perhaps the outlier score.

        ``pixels`` are ``(size, size, 3)`` uint8, RGB; the result is one-dimensional float32.
        """
        self._interpreter.set_tensor(self._input, pixels[np.newaxis])
        self._interpreter.invoke()
        return np.concatenate(
            [self._interpreter.get_tensor(output).reshape(-1) for output in self._outputs]
        )


@lru_cache(maxsize=2)
def shared_engine(model: bytes) -> Engine:
    """The engine of this process, cached between tasks because it is expensive to build."""
    return Engine(model)


@contextmanager
def _silent() -> Iterator[None]:
    """Discard standard error in this context; errors have to be exceptions."""
    sys.stderr.flush()
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(ours, 2)
        os.close(ours)
