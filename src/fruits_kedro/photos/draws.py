"""Draws that depend on a photograph's bytes and a seed, never on row order or partitioning."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def draw(sha256: Any, seed: int) -> npt.NDArray[np.uint64]:
    """An even random number per photograph, the same in every run.

    Args:
        sha256: Arrow array of hexadecimal digests.
        seed: Another one gives other numbers.

    Returns:
        ``(rows,)`` uint64.

    Source: the finalizer of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
    generators, OOPSLA 2014), applied to the first 64 bits of the digest.
    """
    if isinstance(sha256, pa.ChunkedArray):
        sha256 = sha256.combine_chunks()
    digits = pc.utf8_slice_codeunits(sha256, 0, 16).to_numpy(zero_copy_only=False)
    numbers = np.array([int(text, 16) for text in digits], np.uint64)
    with np.errstate(over="ignore"):
        numbers = numbers + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return numbers ^ (numbers >> np.uint64(31))
