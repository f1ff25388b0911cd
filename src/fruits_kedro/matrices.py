"""Columns of equally long lists as matrices, and back."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Matrix = npt.NDArray[np.float64]


def mebibytes(rows: int, columns: int, kind: npt.DTypeLike) -> float:
    """Memory that a matrix of one kind of number takes, in MiB."""
    return rows * columns * np.dtype(kind).itemsize / 2**20


def to_unit_length(matrix: Matrix) -> Matrix:
    """Rows divided by their Euclidean length; rows of zeros stay as they are."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths == 0, 1.0, lengths)


def rows_of(lists: "pa.ListArray", width: int = -1) -> npt.NDArray[np.float32]:
    """A column of equally long lists as a matrix, without copying where Arrow allows it."""
    values = lists.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(lists), width)


def lists_of(matrix: npt.NDArray[np.float32]) -> "pa.ListArray":
    """A matrix as a column of variable-size lists: ``mapInArrow`` refuses fixed-size ones."""
    import pyarrow as pa

    rows, width = matrix.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(matrix.reshape(-1)))
