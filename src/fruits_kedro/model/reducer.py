"""Scaling and PCA, fitted from sums over rows and applied to blocks of features.

The result equals scikit-learn's ``StandardScaler`` and ``PCA``, or ``Normalizer``, ``PCA`` and one
common factor. Only the sign of components is fixed here: the largest loading is positive. Before
the PCA the covariance within labels can be removed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fruits_kedro.model.matrices import Features, Matrix, to_unit_length
from fruits_kedro.model.moments import Moments

_LEAST_WITHIN = 1e-3
"""Least share of the variance that must be within labels, because it is divided by."""

_BLOCK = 4096
"""Rows transformed at once, so that their float64 copy stays small."""


@dataclass(frozen=True)
class Reducer:
    """A fitted scaler and PCA; all numbers are float64.

    ``scale`` is the population standard deviation of each feature, 1 for constant features. For
    rows of unit length it is one number: the root of their mean variance.
    """

    mean: Matrix  # (n_features,), of the train rows
    scale: Matrix  # (n_features,), divisor of each feature
    components: Matrix  # (k, n_features), orthonormal rows unless covariance was taken out
    explained_variance_ratio: Matrix  # (k,), share of the scaled variance, largest first
    rows: int  # number of train rows
    fingerprint: str  # of the features it takes
    unit_length: bool  # whether each row is divided by its Euclidean length first

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

    def transform(self, features: Features) -> Features:
        """Principal components, ``(n, k)`` float32, of features, ``(n, n_features)`` float32."""
        components = np.empty((len(features), self.k), np.float32)
        for start in range(0, len(features), _BLOCK):
            values = features[start : start + _BLOCK].astype(np.float64)
            if self.unit_length:
                values = to_unit_length(values)
            values -= self.mean
            values /= self.scale
            components[start : start + _BLOCK] = values @ self.components.T
        return components

    def arrays(self) -> dict[str, Any]:
        """All numbers as arrays for ``np.savez``."""
        return dict(vars(self))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "Reducer":
        """The reducer stored as ``arrays``."""
        found = {field.name: arrays[field.name] for field in fields(cls)}
        return cls(**{name: value if value.ndim else value.item() for name, value in found.items()})


def fit_reducer(
    moments: Moments,
    k: float,
    fingerprint: str,
    shrinkage: float | None = None,
    size: int | None = None,
) -> Reducer:
    """Fit scaler and PCA on sums over the train rows.

    Args:
        moments: The sums.
        k: Number of components, lowered to as many as the rows have; or a share of variance below
            1, for the fewest components that explain it.
        fingerprint: Of the backbone whose features were summed.
        shrinkage: Remove the covariance within labels before the PCA, after adding this multiple of
            its mean variance in every direction; None keeps it.
        size: Features before ``Refits.on_directions``; by default those of the sums.

    Sources: https://scikit-learn.org/stable/modules/decomposition.html#pca (covariance solver);
    Hatch, Kajarekar and Stolcke, Within-class covariance normalization, Interspeech 2006; the
    shrinkage as in Friedman, Regularized discriminant analysis, 1989.
    """
    from scipy.linalg import cholesky, eigh, solve_triangular

    mean, covariance, constant = moments.mean, moments.covariance, moments.constant
    variance = np.clip(np.diag(covariance), 0.0, None)
    width = len(mean)
    size = size or width
    squared = np.where(constant, 1.0, variance)
    if moments.unit_length:  # the variance of a feature carries information
        squared = np.full_like(variance, variance.sum() / size or 1.0)
    scale = np.sqrt(squared)
    correlation = covariance / np.outer(scale, scale)
    correlation[constant] = 0.0  # scaled up it would only be noise
    correlation[:, constant] = 0.0
    root = None
    if shrinkage is not None:
        within = moments.within_labels / np.outer(scale, scale)
        # If the photographs of each label are equal, there is no covariance within labels.
        spread = max(float(np.trace(within)) / size, _LEAST_WITHIN)
        # In coordinates where the covariance within labels is the identity matrix.
        root = cholesky(within + shrinkage * spread * np.eye(width), lower=True)
        half = solve_triangular(root, correlation, lower=True)
        correlation = solve_triangular(root, half.T, lower=True)
        correlation = (correlation + correlation.T) / 2
    total = float(np.trace(correlation))
    most = int(min(k, moments.rows - 1, width)) if k >= 1 else width
    wanted = [width - most, width - 1]
    eigenvalues, vectors = eigh(correlation, subset_by_index=wanted, driver="evr")
    ratio = np.clip(eigenvalues[::-1], 0.0, None) / max(total, np.finfo(float).tiny)
    if k < 1:
        most = min(int(np.searchsorted(np.cumsum(ratio), k)) + 1, width)
    # Further components are rounding noise, which a classifier would scale up. The tolerance is
    # that of numpy.linalg.matrix_rank.
    rank = int(np.sum(ratio > ratio[0] * width * np.finfo(np.float64).eps))
    kept = min(most, max(1, rank))
    components = vectors[:, ::-1][:, :kept]
    if root is not None:
        components = solve_triangular(root, components, lower=True, trans="T")
        if total > 0:
            components /= np.sqrt(total / size)  # as if each feature had variance 1
    components = np.ascontiguousarray(components.T)
    largest = np.argmax(np.abs(components), axis=1)
    signs = np.where(components[np.arange(kept), largest] < 0, -1.0, 1.0)
    return Reducer(
        mean,
        scale,
        components * signs[:, np.newaxis],
        ratio[:kept],
        moments.rows,
        fingerprint,
        moments.unit_length,
    )
