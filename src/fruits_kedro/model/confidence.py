"""Temperature, confidence threshold and outlier score of a classifier.

All work on logits, the outputs of a linear classifier before the softmax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fruits_kedro.model.matrices import Flags, Matrix, Targets, softmax

BINS = 15
"""Bins of the reliability diagram, as in Guo et al."""

STUDIO = "studio"
"""The place of photographs whose border has one colour."""

_TEMPERATURES = 0.02, 50.0
_SHRINKAGE = 0.1
"""Share of a sphere mixed into the scatter of logits: few photographs scatter in few directions.
Measured with a third of the sample's labels not in training: docs/believing.md."""


@dataclass(frozen=True)
class Outliers:
    """Mahalanobis distance of logits to the nearest mean of a label.

    Logits times ``whitening`` have a total variance of 1 around the mean of their label.
    """

    whitening: Matrix  # (labels, labels)
    means: Matrix  # (at most labels, labels), one whitened mean per row
    beyond: float  # score above which a photograph shows no known fruit

    @classmethod
    def of(cls, logits: Matrix, targets: Targets, weights: Matrix | None = None) -> "Outliers":
        """Estimate means and scatter from logits ``(rows, labels)`` of train rows.

        Without ``weights``, each row counts 1. Nothing is an outlier yet.

        Source: Lee and others, A simple unified framework for detecting out-of-distribution
        samples, 2018, which takes features where this takes logits.
        """
        weights = np.ones(len(targets)) if weights is None else weights
        labels, (present, own) = logits.shape[1], np.unique(targets, return_inverse=True)
        members = np.equal.outer(np.arange(len(present)), own) * weights
        means = members @ logits / members.sum(axis=1, keepdims=True)
        apart = logits - means[own]
        scatter = (apart * weights[:, np.newaxis]).T @ apart / weights.sum()
        sphere = np.trace(scatter) / labels or 1.0
        shrunk = (1 - _SHRINKAGE) * scatter + _SHRINKAGE * sphere * np.eye(labels)
        whitening = np.linalg.cholesky(np.linalg.inv(shrunk * labels))
        return cls(whitening, means @ whitening, np.inf)

    def scores(self, logits: Matrix) -> Matrix:
        """Outlier score of each row: about 1 for train photographs, larger for unknown objects."""
        whitened = logits @ self.whitening
        squares = [np.square(whitened - mean).sum(axis=1) for mean in self.means]
        nearest: Matrix = np.min(squares, axis=0)
        return nearest


@dataclass(frozen=True)
class Calibration:
    """Temperature and thresholds that were chosen on held-out photographs.

    ``holds_for`` are the places of these photographs: ``studio``, or the places of own ones.
    """

    temperature: float = 1.0  # divisor of the logits
    sure_from: float | None = None  # probability from which a prediction is sure; None if none is
    outliers: Outliers | None = None
    holds_for: tuple[str, ...] = ()  # empty if nothing was chosen

    @property
    def for_studio_only(self) -> bool:
        """Whether the thresholds hold for studio photographs only."""
        return self.holds_for == (STUDIO,)


def fit_temperature(logits: Matrix, targets: Targets) -> float:
    """The temperature that makes held-out labels most probable.

    Targets are slightly less than certain, as in Platt's scaling: if all predictions were right,
    the best temperature would be 0. Logits are ``(rows, labels)``, minus infinity if a label was
    not trained.

    Source: Guo and others, On calibration of modern neural networks, 2017; Platt, Probabilistic
    outputs for support vector machines, 1999.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(targets))
    doubt = 1 / (len(targets) + 2)

    def loss(logarithm: float) -> float:
        own = softmax(logits / np.exp(logarithm))[rows, targets]
        tiny = np.finfo(np.float64).tiny
        certain = np.log(np.maximum(own, tiny))
        wrong = np.log(np.maximum(1 - own, tiny))
        return float(-((1 - doubt) * certain + doubt * wrong).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def reliability(confidence: Matrix, right: Flags) -> list[dict[str, Any]]:
    """By bin of confidence: number of rows, their mean confidence, and how often they are right.

    ``confidence`` is the probability of each prediction, ``right`` whether it is the label.
    """
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "rows": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
        }
        for inside in (bins == number for number in np.unique(bins))
    ]


def expected_error(diagram: Sequence[dict[str, Any]]) -> float:
    """Expected calibration error: mean distance of confidence and accuracy, weighted by rows."""
    rows = sum(row["rows"] for row in diagram)
    apart = sum(row["rows"] * abs(row["confidence"] - row["accuracy"]) for row in diagram)
    return float(apart / rows)


def choose_sure(
    confidence: Matrix, right: Flags, precision: float, doubt: float = 0.0
) -> float | None:
    """The lowest confidence from which predictions are right often enough; None if none suffices.

    Args:
        confidence, right: ``(rows,)``.
        precision: Wanted share of right ones among those that are sure.
        doubt: Standard deviations by which the share must be above ``precision``: of few rows, the
            lowest confidence that happens to be enough is too low for others.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    order = np.argsort(-confidence, kind="stable")
    counts = np.arange(1, len(order) + 1)
    shares, few = np.cumsum(right[order]) / counts, doubt**2 / counts
    spread = doubt * np.sqrt((shares * (1 - shares) + few / 4) / counts)
    shares = (shares + few / 2 - spread) / (1 + few)
    ordered = confidence[order]
    # Rows of equal confidence are all sure or none is.
    last_of_equals = np.append(ordered[1:] != ordered[:-1], True)
    enough = np.flatnonzero((shares >= precision) & last_of_equals)
    return float(ordered[enough[-1]]) if len(enough) else None
