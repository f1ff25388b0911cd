"""Scaling and PCA, fitted from sums over rows and applied to blocks of features.

The result equals scikit-learn's ``StandardScaler`` and ``PCA``, or ``Normalizer``, ``PCA`` and one
common factor. Only the sign of components is fixed here: the largest loading is positive. Before
the PCA the covariance within labels can be removed.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fruits_kedro.model.matrices import Features, Matrix, to_unit_length
from fruits_kedro.model.moments import Moments

logger = logging.getLogger(__name__)

_LEAST_WITHIN = 1e-3
"""Least share of the variance that must be within labels, because it is divided by."""

_BLOCK = 4096
"""Rows transformed at once, so that their float64 copy stays small."""


@dataclass(frozen=True)
class Reducer:
    """A fitted scaler and PCA.

    Attributes:
        mean: ``(n_features,)`` float64, mean of each feature over the train rows.
        scale: ``(n_features,)`` float64, the divisor of each feature: its population standard
            deviation, 1 for constant features; for rows of unit length one number for all of them,
            the root of their mean variance.
        components: ``(k, n_features)`` float64, largest variance first; orthonormal rows, unless
            the covariance within labels was taken out (see ``fit_reducer``).
        explained_variance_ratio: ``(k,)`` float64, share of the scaled variance of each.
        rows: Number of train rows of the fit.
        fingerprint: Fingerprint of the features it takes.
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

    def transform(self, features: Features) -> Features:
        """Principal components of features.

        Args:
            features: ``(n, n_features)`` float32.

        Returns:
            ``(n, k)`` float32.
        """
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
        numbers = ("mean", "scale", "components", "explained_variance_ratio")
        return cls(
            **{name: arrays[name] for name in numbers},
            rows=int(arrays["rows"]),
            fingerprint=str(arrays["fingerprint"]),
            unit_length=bool(arrays["unit_length"]),
        )


def fit_reducer(
    moments: Moments,
    k: float,
    fingerprint: str,
    shrinkage: float | None = None,
    size: int | None = None,
) -> Reducer:
    """Fit scaler and PCA on summed moments.

    Args:
        moments: Sums over the train rows.
        k: Number of components, at most ``min(rows, n_features)``; or a share of variance below 1,
            for the fewest components that explain it.
        fingerprint: Of the backbone whose features were summed.
        shrinkage: Remove the covariance within labels before the PCA, after adding this multiple of
            its mean variance in every direction; None keeps it.
        size: Features that the rows had before ``Rows.projected``; by default those they have.

    Sources: https://scikit-learn.org/stable/modules/decomposition.html#pca (covariance solver);
    Hatch, Kajarekar and Stolcke, Within-class covariance normalization, Interspeech 2006; the
    shrinkage as in Friedman, Regularized discriminant analysis, 1989.
    """
    from scipy.linalg import cholesky, eigh, solve_triangular

    moments = moments.complete()
    mean, covariance, constant = (
        moments.total / moments.weight,
        moments.covariance,
        moments.constant,
    )
    variance = np.clip(np.diag(covariance), 0.0, None)
    size = size or len(mean)
    squared = np.where(constant, 1.0, variance)
    if moments.unit_length:  # the variance of a feature carries information
        squared = np.full_like(variance, variance.sum() / size or 1.0)
    scale = np.sqrt(squared)
    correlation = covariance / np.outer(scale, scale)
    correlation[constant] = 0.0  # scaled up it would only be noise
    correlation[:, constant] = 0.0
    root = None
    if shrinkage is not None:
        # In coordinates where the covariance within labels is the identity matrix.
        root = cholesky(_shrunk_within(moments, scale, shrinkage, size), lower=True)
        half = solve_triangular(root, correlation, lower=True)
        correlation = solve_triangular(root, half.T, lower=True)
        correlation = (correlation + correlation.T) / 2
    width, total = len(mean), float(np.trace(correlation))
    wanted = [max(0, width - int(k)), width - 1] if k >= 1 else [0, width - 1]
    eigenvalues, vectors = eigh(correlation, subset_by_index=wanted, driver="evr")
    ratio = np.clip(eigenvalues[::-1], 0.0, None) / max(total, np.finfo(float).tiny)
    kept = _lowered_to_rank(int(k) if k >= 1 else _components_for(ratio, k), ratio, width)
    components = vectors[:, ::-1][:, :kept]
    if root is not None:
        components = solve_triangular(root, components, lower=True, trans="T")
        if total > 0:
            components /= np.sqrt(total / size)  # as if each feature had variance 1
    return Reducer(
        mean,
        scale,
        _fix_signs(np.ascontiguousarray(components.T)),
        ratio[:kept],
        moments.rows,
        fingerprint,
        moments.unit_length,
    )


def possible_k(k: float, rows: int, features: int) -> float:
    """``k``, lowered with a warning to the rank that the train rows allow; shares stay."""
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


def _lowered_to_rank(k: int, ratio: Matrix, size: int) -> int:
    """``k`` without components that are rounding noise, which a classifier would scale up.

    Source: the tolerance of numpy.linalg.matrix_rank.
    """
    rank = int(np.sum(ratio > ratio[0] * size * np.finfo(np.float64).eps))
    if k <= rank:
        return k
    most = max(1, rank)
    logger.warning("%d components lowered to %d: the train photographs differ in no more", k, most)
    return most


def _shrunk_within(moments: Moments, scale: Matrix, shrinkage: float, size: int) -> Matrix:
    within = moments.within_labels / np.outer(scale, scale)
    # If the photographs of each label are equal, there is no covariance within labels.
    variance = max(float(np.trace(within)) / size, _LEAST_WITHIN)
    return within + shrinkage * variance * np.eye(len(within))


def _components_for(ratio: Matrix, share: float) -> int:
    return min(int(np.searchsorted(np.cumsum(ratio), share)) + 1, len(ratio))


def _fix_signs(components: Matrix) -> Matrix:
    largest = np.argmax(np.abs(components), axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * np.where(signs == 0, 1.0, signs)[:, np.newaxis]
