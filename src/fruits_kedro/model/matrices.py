"""Converts columns of equally long lists to matrices and back."""

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


def rows_of(lists: "pa.ListArray | pa.ChunkedArray", width: int = -1) -> Features:
    """A column of equally long lists as a matrix, without copying where Arrow allows it.

    Args:
        lists: Without nulls.
        width: Length of each list; needed if the column may be empty.
    """
    import pyarrow as pa

    if isinstance(lists, pa.ChunkedArray):
        chunks = [rows_of(chunk, width) for chunk in lists.chunks if len(chunk)]
        return np.concatenate(chunks) if chunks else np.zeros((0, max(width, 0)), np.float32)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(lists), width)


def lists_of(matrix: Features) -> "pa.ListArray":
    """A matrix as a column of variable-size lists, as Spark reads them."""
    import pyarrow as pa

    rows, width = matrix.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(matrix.reshape(-1)))


def place_beside(
    values: npt.NDArray[np.floating], landmarks: npt.NDArray[np.floating], places: Matrix
) -> Matrix:
    """Places of rows on a map: means of their three nearest landmarks, weighted by closeness.

    Args:
        values: ``(rows, n)``.
        landmarks: ``(landmarks, n)``.
        places: ``(landmarks, 2)``.

    Returns:
        ``(rows, 2)``.
    """
    from sklearn.neighbors import KNeighborsRegressor

    if not len(values):
        return np.zeros((0, places.shape[1]))
    nearest = KNeighborsRegressor(min(3, len(landmarks)), weights="distance", algorithm="brute")
    found: Matrix = nearest.fit(landmarks, places).predict(values)
    return found
