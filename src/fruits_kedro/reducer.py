"""Standard scaling and PCA, fitted from sums that Spark adds up and applied to Arrow batches.

A covariance matrix is a sum over rows, so the data stay distributed: each worker multiplies its
rows by BLAS, the driver adds a few matrices and solves one symmetric eigenproblem. The result
equals scikit-learn's ``StandardScaler`` followed by ``PCA`` up to the sign of components, which is
fixed here (the largest loading is positive).
"""

import hashlib
import logging
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.buckets import fold_buckets, in_buckets
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.schemas import ddl_of

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reducer:
    """A fitted scaler and PCA.

    Attributes:
        mean: ``(n_features,)`` float64, mean of each feature over the train rows.
        scale: ``(n_features,)`` float64, population standard deviation; 1 for constant features.
        components: ``(k, n_features)`` float64, orthonormal rows, largest variance first.
        explained_variance_ratio: ``(k,)`` float64, share of the scaled variance of each.
        rows: Train rows it was fitted on.
        fingerprint: Of the backbone whose features it takes.
    """

    mean: Matrix
    scale: Matrix
    components: Matrix
    explained_variance_ratio: Matrix
    rows: int
    fingerprint: str

    @property
    def k(self) -> int:
        """Number of components."""
        return len(self.components)

    @property
    def explains_nothing(self) -> bool:
        """Whether all rows it was fitted on were alike."""
        return not np.any(self.explained_variance_ratio > 0)

    @property
    def id(self) -> str:
        """16 hexadecimal digits that change with any number in it."""
        digest = hashlib.sha256(self.fingerprint.encode())
        for array in (self.mean, self.scale, self.components):
            digest.update(np.ascontiguousarray(array, "<f8").tobytes())
        return digest.hexdigest()[:16]

    def transform(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Principal components of features.

        Args:
            features: ``(n, n_features)`` float32.

        Returns:
            ``(n, k)`` float32.
        """
        scaled = (features.astype(np.float64) - self.mean) / self.scale
        return (scaled @ self.components.T).astype(np.float32)


@dataclass(frozen=True)
class Moments:
    """Sums over rows: their number, their sum and the sum of their outer products, float64."""

    rows: int
    total: Matrix
    products: Matrix

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.rows + other.rows, self.total + other.total, self.products + other.products
        )


def sum_moments(features: DataFrame) -> Moments | None:
    """Add up the moments of all rows, on the workers.

    Args:
        features: ``sha256`` and ``features`` (array of float32), one row per photograph.

    Returns:
        None where there are no rows.
    """
    folded = fold_buckets(in_buckets(features, "features"), _fold_moments)
    return reduce(operator.add, map(_unpack, folded)) if folded else None


def fit_reducer(moments: Moments, k: float, fingerprint: str) -> Reducer:
    """Fit scaler and PCA on summed moments.

    Args:
        moments: Sums over the train rows.
        k: Number of components, at most ``min(rows, n_features)``; below 1, the share of variance
            that the fewest sufficient components explain.
        fingerprint: Of the backbone whose features were summed.

    Source: https://scikit-learn.org/stable/modules/decomposition.html#pca (covariance solver)
    """
    from scipy.linalg import eigh

    mean = moments.total / moments.rows
    covariance = moments.products / moments.rows - np.outer(mean, mean)
    variance = np.clip(np.diag(covariance), 0.0, None)
    # Rounding leaves a constant feature a variance of this order; scaling it up would be noise.
    constant = variance <= 10 * np.finfo(np.float64).eps * moments.rows * mean**2
    scale = np.sqrt(np.where(constant, 1.0, variance))
    correlation = covariance / np.outer(scale, scale)
    correlation[constant] = 0.0
    correlation[:, constant] = 0.0
    size = len(mean)
    wanted = [size - int(k), size - 1] if k >= 1 else [0, size - 1]
    eigenvalues, vectors = eigh(correlation, subset_by_index=wanted)
    ratio = np.clip(eigenvalues[::-1], 0.0, None) / max(np.trace(correlation), np.finfo(float).tiny)
    kept = _lowered_to_rank(int(k) if k >= 1 else _components_for(ratio, k), ratio, size)
    components = _fix_signs(vectors.T[::-1][:kept])
    return Reducer(mean, scale, components, ratio[:kept], moments.rows, fingerprint)


def possible_k(k: float, rows: int, features: int) -> float:
    """``k`` lowered to what the train rows can give, with a warning; a share stays a share."""
    most = min(rows - 1, features)
    if k < 1 or k <= most:
        return k
    logger.warning(
        "reduction.k=%d lowered to %d: there are %d train photographs of %d features",
        k,
        most,
        rows,
        features,
    )
    return most


def reduce_features(features: DataFrame, reducer: Reducer) -> DataFrame:
    """Principal components of every row, lazily on the workers.

    Args:
        features: Rows with ``features`` (array of float32; null gives zeros) and any other columns.
        reducer: A fitted reducer.

    Returns:
        The other columns and ``components`` (array of k float32).
    """

    def reduce_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            names = [name for name in batch.schema.names if name != "features"]
            features = batch.column("features")
            components = np.zeros((len(features), reducer.k), np.float32)
            components[features.is_valid().to_numpy(zero_copy_only=False)] = reducer.transform(
                rows_of(features.drop_null(), len(reducer.mean))
            )
            columns = [*(batch.column(name) for name in names), lists_of(components)]
            yield pa.RecordBatch.from_arrays(columns, [*names, "components"])

    return features.mapInArrow(
        reduce_batches, f"{ddl_of(features.drop('features'))}, components array<float>"
    )


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


def _fold_moments(chunks: Iterator["pa.RecordBatch"]) -> bytes:
    return _pack(reduce(operator.add, map(_moments, chunks)))


def _moments(chunk: "pa.RecordBatch") -> Moments:
    values = rows_of(chunk.column("features")).astype(np.float64)
    return Moments(len(values), values.sum(axis=0), values.T @ values)


def _pack(moments: Moments) -> bytes:
    """The sums as bytes; of the symmetric matrix one half, which halves what the driver holds."""
    upper = moments.products[np.triu_indices(len(moments.total))]
    return np.concatenate([[moments.rows], moments.total, upper]).astype("<f8").tobytes()


def _unpack(packed: bytes) -> Moments:
    values = np.frombuffer(packed, "<f8")
    # Solve 1 + n + n(n+1)/2 = len(values) for n.
    size = int((np.sqrt(1 + 8 * len(values)) - 3) / 2)
    products = np.zeros((size, size))
    products[np.triu_indices(size)] = values[1 + size :]
    products = products + np.triu(products, 1).T
    return Moments(int(values[0]), values[1 : 1 + size].copy(), products)


def _lowered_to_rank(k: int, ratio: Matrix, size: int) -> int:
    """``k`` without components that are rounding noise: they would be scaled up by a classifier.

    Source: numpy.linalg.matrix_rank, whose tolerance this is.
    """
    rank = int(np.sum(ratio > ratio[0] * size * np.finfo(np.float64).eps))
    if k <= rank:
        return k
    most = max(1, rank)
    logger.warning("%d components lowered to %d: the train photographs differ in no more", k, most)
    return most


def _components_for(ratio: Matrix, share: float) -> int:
    return min(int(np.searchsorted(np.cumsum(ratio), share)) + 1, len(ratio))


def _fix_signs(components: Matrix) -> Matrix:
    largest = np.argmax(np.abs(components), axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * np.where(signs == 0, 1.0, signs)[:, np.newaxis]
