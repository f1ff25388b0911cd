"""Draws that depend on a photograph's bytes and a seed, never on row order or partitioning."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def draw(sha256: Any, seed: int) -> npt.NDArray[np.uint64]:
    """An even random number of 64 bits per photograph, the same in every run.

    Args:
        sha256: Arrow column of hexadecimal digests.
        seed: Another one gives other numbers.

    Returns:
        ``(rows,)`` uint64.
    """
    texts = np.asarray(sha256.to_numpy(zero_copy_only=False), object)
    hashed = pd.util.hash_array(texts, hash_key=f"{seed:016d}", categorize=False)
    return np.asarray(hashed, np.uint64)
