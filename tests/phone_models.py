"""A reducer and a classifier that belong to a backbone, without photographs to fit them on."""

from dataclasses import replace

import numpy as np

from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.classifiers.logistic_regression import LogisticRegression
from fruits_kedro.model.confidence import Calibration, Outliers
from fruits_kedro.model.reducer import Reducer

LABELS = ("Apple, green", "fig", "nan", "Ünï\u2028")
COMPONENTS = 9


def make_reducer(backbone: Backbone, features: np.ndarray, unit_length: bool) -> Reducer:
    """Means and scales of the features given, and random components."""
    values = features.astype(np.float64)
    if unit_length:
        values /= np.linalg.norm(values, axis=1, keepdims=True)
    scale = np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
    random = np.random.default_rng(0)
    components, _ = np.linalg.qr(random.normal(size=(features.shape[1], COMPONENTS)))
    return Reducer(
        mean=values.mean(axis=0),
        scale=scale,
        components=components.T,
        explained_variance_ratio=np.full(COMPONENTS, 1 / COMPONENTS),
        rows=60,
        fingerprint=backbone.fingerprint,
        unit_length=unit_length,
    )


def make_classifier(reducer: Reducer) -> LogisticRegression:
    """Calibrated on made-up logits."""
    random = np.random.default_rng(1)
    size = len(LABELS), COMPONENTS
    coefficients, intercepts = random.normal(size=size) / 10, random.normal(size=len(LABELS))
    plain = LogisticRegression(LABELS, reducer.id, coefficients, intercepts)
    logits = plain.logits(random.normal(size=(80, COMPONENTS)) * 10)
    outliers = Outliers.of(logits, np.repeat(np.arange(len(LABELS)), 20))
    calibration = Calibration(0.7, 0.6, replace(outliers, beyond=2.5), ("studio",))
    return replace(plain, calibration=calibration)
