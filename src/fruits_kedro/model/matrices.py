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


def place_beside(values: Matrix, landmarks: Matrix, places: Matrix, nearest: int = 3) -> Matrix:
    """Places of rows among those of the landmarks nearest to them, the nearer the closer.

    Args:
        values: ``(rows, n)``.
        landmarks: ``(landmarks, n)``.
        places: ``(landmarks, 2)``.
        nearest: Landmarks that each row is placed among.

    Returns:
        ``(rows, 2)``: means of places, weighted by the inverse of the squared distance.
    """
    if not len(values):
        return np.zeros((0, places.shape[1]))
    squares = (landmarks**2).sum(axis=1) - 2 * values @ landmarks.T
    squares += (values**2).sum(axis=1, keepdims=True)
    chosen = np.argsort(squares, axis=1, kind="stable")[:, :nearest]
    distances = np.take_along_axis(squares, chosen, axis=1).clip(min=0)
    weights = 1 / (distances + 1e-9 * (1 + distances.max()))
    weights /= weights.sum(axis=1, keepdims=True)
    result: Matrix = (weights[:, :, None] * places[chosen]).sum(axis=1)
    return result
