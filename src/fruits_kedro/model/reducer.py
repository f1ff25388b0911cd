"""Scaling and PCA, fitted from sums over rows and applied to Arrow batches.

The result equals scikit-learn's ``StandardScaler`` followed by ``PCA``, or its ``Normalizer``
followed by ``PCA`` and one factor for all components, up to the sign of components, which is fixed
here (the largest loading is positive). Between the two, the covariance of photographs of one label
may be taken out.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.buckets import CHUNK
from fruits_kedro.model.matrices import Matrix, lists_of, rows_of, to_unit_length
from fruits_kedro.model.moments import Moments
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import ddl_of

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

_LEAST_WITHIN = 1e-3
"""Mean variance within labels, of 1 in all, below which it could not be divided by."""


@dataclass(frozen=True)
class Reducer:
    """A fitted scaler and PCA.

    Attributes:
        mean: ``(n_features,)`` float64, mean of each feature over the train rows.
        scale: ``(n_features,)`` float64, what each feature is divided by: its population standard
            deviation, 1 for constant features; of rows of unit length one number for all of them,
            the root of their mean variance.
        components: ``(k, n_features)`` float64, largest variance first; orthonormal rows, unless
            the covariance within labels was taken out (see ``fit_reducer``).
        explained_variance_ratio: ``(k,)`` float64, share of the scaled variance of each.
        rows: Train rows it was fitted on.
        fingerprint: Of the backbone whose features it takes.
        unit_length: Whether each photograph's features are divided by their Euclidean length first.
    """

    mean: Matrix
    scale: Matrix
    components: Matrix
    explained_variance_ratio: Matrix
    rows: int
    fingerprint: str
    unit_length: bool

    @property
    def k(self) -> int:
        """Number of components."""
        return len(self.components)

    @property
    def id(self) -> str:
        """16 hexadecimal digits that change with any number in it."""
        digest = hashlib.sha256(f"{self.fingerprint} {self.unit_length}".encode())
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
        values = features.astype(np.float64)
        if self.unit_length:
            values = to_unit_length(values)
        scaled = (values - self.mean) / self.scale
        return (scaled @ self.components.T).astype(np.float32)


def fit_reducer(
    moments: Moments, k: float, fingerprint: str, shrinkage: float | None = None
) -> Reducer:
    """Fit scaler and PCA on summed moments.

    Args:
        moments: Sums over the train rows.
        k: Number of components, at most ``min(rows, n_features)``; below 1, the share of variance
            that the fewest sufficient components explain.
        fingerprint: Of the backbone whose features were summed.
        shrinkage: Take the covariance within labels out before the PCA, plus so many times its
            mean variance in every direction; None leaves it in.

    Sources: https://scikit-learn.org/stable/modules/decomposition.html#pca (covariance solver);
    Hatch, Kajarekar and Stolcke, Within-class covariance normalization, Interspeech 2006; the
    shrinkage as in Friedman, Regularized discriminant analysis, 1989.
    """
    from scipy.linalg import eigh

    mean, covariance, constant = moments.total / moments.rows, moments.covariance, moments.constant
    variance = np.clip(np.diag(covariance), 0.0, None)
    squared = _common_scale(variance) if moments.unit_length else np.where(constant, 1.0, variance)
    scale = np.sqrt(squared)
    correlation = covariance / np.outer(scale, scale)
    correlation[constant] = 0.0  # scaled up it would be noise
    correlation[:, constant] = 0.0
    within = None if shrinkage is None else _shrunk_within(moments, scale, shrinkage)
    size = len(mean)
    wanted = [size - int(k), size - 1] if k >= 1 else [0, size - 1]
    eigenvalues, vectors = eigh(correlation, within, subset_by_index=wanted)
    total = _variance_without(within, correlation)
    ratio = np.clip(eigenvalues[::-1], 0.0, None) / max(total, np.finfo(float).tiny)
    kept = _lowered_to_rank(int(k) if k >= 1 else _components_for(ratio, k), ratio, size)
    components = _fix_signs(vectors.T[::-1][:kept])
    if within is not None and total > 0:
        components = components / np.sqrt(total / size)  # as if each feature had variance 1
    return Reducer(
        mean,
        scale,
        components,
        ratio[:kept],
        moments.rows,
        fingerprint,
        moments.unit_length,
    )


def possible_k(k: float, rows: int, features: int) -> float:
    """``k`` lowered to what the train rows can give, with a warning; a share stays a share."""
    most = min(rows - 1, features)
    if k < 1 or k <= most:
        return k
    logger.warning(
        "reduction.k=%d lowered to %d: there are %d train rows of %d features",
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
        for batch in batches:
            yield _reduce_batch(batch, reducer)

    return features.mapInArrow(
        reduce_batches, f"{ddl_of(features.drop('features'))}, components array<float>"
    )


def reduce_table(features: "pa.Table", reducer: Reducer) -> "pa.Table":
    """``reduce_features`` of rows that are on the driver."""
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    # As on the workers: more threads could add in another order.
    with threadpool_limits(1, user_api="blas"):
        none = pa.RecordBatch.from_pylist([], schema=features.schema)
        batches = features.to_batches(max_chunksize=CHUNK) or [none]
        return pa.Table.from_batches([_reduce_batch(batch, reducer) for batch in batches])


def _reduce_batch(batch: "pa.RecordBatch", reducer: Reducer) -> "pa.RecordBatch":
    import pyarrow as pa

    names = [name for name in batch.schema.names if name != "features"]
    features = batch.column("features")
    components = np.zeros((len(features), reducer.k), np.float32)
    components[features.is_valid().to_numpy(zero_copy_only=False)] = reducer.transform(
        rows_of(features.drop_null(), len(reducer.mean))
    )
    columns = [*(batch.column(name) for name in names), lists_of(components)]
    return pa.RecordBatch.from_arrays(columns, [*names, "components"])


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


def _common_scale(variance: Matrix) -> Matrix:
    """How far a feature of rows of unit length varies tells how much it says of the photograph."""
    mean = variance.mean()
    return np.full_like(variance, mean if mean > 0 else 1.0)


def _shrunk_within(moments: Moments, scale: Matrix, shrinkage: float) -> Matrix:
    within = moments.within_labels / np.outer(scale, scale)
    # Where all photographs of each label are alike, nothing says which directions are theirs.
    variance = max(float(np.diag(within).mean()), _LEAST_WITHIN)
    return within + shrinkage * variance * np.eye(len(within))


def _variance_without(within: Matrix | None, correlation: Matrix) -> float:
    """The variance in all directions, once that within labels is taken out."""
    from scipy.linalg import cho_factor, cho_solve

    if within is None:
        return float(np.trace(correlation))
    return float(np.trace(cho_solve(cho_factor(within), correlation)))


def _components_for(ratio: Matrix, share: float) -> int:
    return min(int(np.searchsorted(np.cumsum(ratio), share)) + 1, len(ratio))


def _fix_signs(components: Matrix) -> Matrix:
    largest = np.argmax(np.abs(components), axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * np.where(signs == 0, 1.0, signs)[:, np.newaxis]
