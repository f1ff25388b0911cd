"""Matrices: their types, and columns of equally long lists as matrices and back."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Matrix = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Targets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def to_unit_length(matrix: Matrix) -> Matrix:
    """Rows divided by their Euclidean length; rows of zeros stay as they are."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths == 0, 1.0, lengths)


def softmax(logits: Matrix) -> Matrix:
    """Softmax over the last axis, without overflow."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Matrix = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities


def rows_of(lists: "pa.ListArray | pa.ChunkedArray") -> Features:
    """A column of equally long lists, without nulls, as a matrix; a chunk is not copied."""
    import pyarrow as pa

    if isinstance(lists, pa.ChunkedArray):
        chunks = [rows_of(chunk) for chunk in lists.chunks if len(chunk)]
        return np.concatenate(chunks) if chunks else np.zeros((0, 0), np.float32)
    return lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1)


def lists_of(matrix: Features) -> "pa.ListArray":
    """A matrix as a column of variable-size lists, as Spark reads them."""
    import pyarrow as pa

    rows, width = matrix.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(matrix.reshape(-1)))
