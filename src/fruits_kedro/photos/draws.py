"""Random draws from a photograph's sha256 and a seed, independent of row order."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

_SPARK_SEED = 42
"""Start value of Spark's ``xxhash64``, so that draws equal those of version 1."""


def draw(sha256: Any, seed: int) -> npt.NDArray[np.int64]:
    """A uniform 64-bit number per hexadecimal digest of an Arrow column, the same in every run.

    Returns:
        ``(rows,)`` int64, what Spark's ``xxhash64(sha256, seed)`` gives.
    """
    number = seed.to_bytes(4, "little")
    hashed = (
        xxhash.xxh64_intdigest(number, xxhash.xxh64_intdigest(text.encode(), _SPARK_SEED))
        for text in sha256.to_pylist()
    )
    return np.fromiter(hashed, np.uint64, len(sha256)).view(np.int64)
