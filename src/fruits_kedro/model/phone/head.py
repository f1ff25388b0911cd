"""What follows the network: scaler, PCA, logistic regression and outlier score as a few arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier import LinearClassifier
from fruits_kedro.model.reducer import Reducer


@dataclass(frozen=True)
class Head:
    """Scaler, PCA and logistic regression as one map: ``weights @ (features - mean) + bias``.

    Float32, because that is what the graph computes in; features are centred first, so that no
    large numbers cancel.

    Attributes:
        unit_length: Whether features are divided by their Euclidean length before.
        mean: ``(n_features,)``.
        weights: ``(labels, n_features)``.
        bias: ``(labels,)``. The temperature is in both.
        whitening: ``(labels, labels)``, ``Outliers.whitening`` of what the map gives, transposed.
        whitened_means: ``Outliers.means``; both None where there is no outlier score.
    """

    unit_length: bool
    mean: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    whitening: npt.NDArray[np.float32] | None
    whitened_means: npt.NDArray[np.float32] | None

    @classmethod
    def of(cls, reducer: Reducer, classifier: LinearClassifier) -> "Head":
        """The head that gives a classifier's calibrated logits from features."""
        temperature = classifier.calibration.temperature
        weights = classifier.coefficients @ reducer.components / reducer.scale
        arrays = [reducer.mean, weights / temperature, classifier.intercepts / temperature]
        outliers = classifier.calibration.outliers
        if outliers:
            arrays += [outliers.whitening.T * temperature, outliers.means]
        floats: list[Any] = [array.astype(np.float32) for array in arrays]
        return cls(reducer.unit_length, *floats, *[None] * (5 - len(floats)))
