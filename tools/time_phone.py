"""Processor time from the bytes of a photograph to its probabilities, by the file itself.

On one thread, so that on a free core it is the time that passes.

.venv/bin/python tools/time_phone.py data/06_models/fruits.tflite data/01_raw/sample/Test
"""

import argparse
import os
import time
from pathlib import Path

# Before numpy is imported: BLAS has threads of its own.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from fruits_kedro.model.phone.engine import PhoneEngine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.reasons import Reason

WARM_UP = 10
"""Photographs that are not counted."""


def measure(model: Path, photographs: list[Path], size: int) -> np.ndarray:
    """``(photographs, 2)`` seconds: decoding and resizing, and the network."""
    engine = PhoneEngine(model.read_bytes())
    contents = [path.read_bytes() for path in photographs]
    rows = []
    for content in [*contents[:WARM_UP], *contents]:
        start = time.process_time()
        pixels = decode(content, size)
        decoded = time.process_time()
        if not isinstance(pixels, Reason):
            engine.probabilities(pixels)
            rows.append((decoded - start, time.process_time() - decoded))
    return np.array(rows[min(WARM_UP, len(contents)) :])


def main() -> None:
    """Print the median and the 95th percentile in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--size", type=int, default=224, help="pixels of each side of the input")
    parser.add_argument("--limit", type=int, default=500, help="photographs, at most")
    arguments = parser.parse_args()
    files = sorted(arguments.photographs.rglob("*.jpg"))[: arguments.limit]
    seconds = measure(arguments.model, files, arguments.size)
    both = 1000 * np.column_stack([seconds, seconds.sum(axis=1)])
    print(f"{len(both)} photographs, {arguments.model.stat().st_size / 1e6:.2f} MB, milliseconds:")
    for name, column in zip(("decode", "network", "both"), both.T, strict=True):
        print(f"{name:8} median {np.median(column):6.2f}, 95 % {np.percentile(column, 95):6.2f}")


if __name__ == "__main__":
    main()
