"""Made-up features and rows of them for fits, and small parameters."""

import hashlib
from typing import Any

import numpy as np

from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import ClassificationParameters, OwnParameters, ReductionParameters

LABELS = ("fig", "kiwi", "nan")
PLACE = "market"
MAP = {"points": 3, "landmarks": 3, "perplexity": 1, "components": 2, "iterations": 250, "seed": 0}
CALIBRATION = {
    "rows": 1000,
    "minimum": 20,
    "held_out_share": 0.25,
    "precision": 0.95,
    "known_share": 0.95,
}
CONSTANT = 5
"""A feature of ``make_features`` that never changes."""
Fits = tuple[ReductionParameters, ClassificationParameters, OwnParameters]


def classification(
    classifier: str = "logistic_regression", **more: Any
) -> ClassificationParameters:
    """Parameters of a classifier; the others replace those of its calibration."""
    regression = {"reg_param": 0.01, "standardization": False, "max_iter": 1000}
    return ClassificationParameters(
        classifier=classifier,
        rows=10_000,
        logistic_regression=regression,
        random_forest={"trees": 20, "max_depth": 4, "seed": 0},
        calibration=CALIBRATION | more,
    )


def settings(
    classifier: str = "logistic_regression", scaling: str = "standard", **own: Any
) -> Fits:
    """Parameters of fits; the others are those of own photographs."""
    reduction = ReductionParameters(scaling=scaling, shrinkage=0.3, k=6, rows=10_000, map=MAP)
    own_parameters = OwnParameters(**{"minimum": 30, "folds": 3} | own)
    return reduction, classification(classifier), own_parameters


def names(rows: int) -> list[str]:
    """Hashes to tell rows apart."""
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(rows)]


def make_features(rows: int, seed: int = 0) -> np.ndarray:
    """Correlated features of scales from 1e-3 to 1e3, one of them constant."""
    random = np.random.default_rng(seed)
    scales = np.logspace(-3, 3, 24)
    mixed = random.normal(size=(rows, 24)) @ random.normal(size=(24, 24))
    features = (mixed + random.normal(size=24)) * scales
    features[:, CONSTANT] = 3.7
    return features.astype(np.float32)


def make_rows(
    rows: int = 40,
    groups: tuple[str, ...] = ("", "r"),
    apart: float = 1.5,
    copies: bool = False,
    own: int = 0,
) -> Rows:
    """Frames of labels, each capture group of a label a little elsewhere.

    Args:
        rows: Photographs of each label.
        groups: Capture groups; the empty one is ``plain``.
        apart: Distance of labels.
        copies: A copy of each photograph, moved.
        own: Own photographs of each label, far away, which differ in other features.
    """
    random = np.random.default_rng(0)
    made = []
    for label in range(len(LABELS)):
        for group in groups:
            middle = apart * np.eye(3, 6)[label] + random.normal(size=6) * 0.7
            middle[4:] = 0
            for _ in range(rows // len(groups)):
                made.append((label, group or "plain", "", middle + random.normal(size=6)))
        for _ in range(own):
            middle = np.array([0.0, 0, 0, 0, 9, 0])
            middle[[3, 5]] = [(4, 0), (0, 4), (-4, -4)][label]
            made.append((label, "", PLACE, middle + random.normal(size=6)))
    targets, capture, place, features = (np.array(column) for column in zip(*made, strict=True))
    variant = np.repeat(np.arange(1 + copies, dtype=np.int32), len(made))
    photograph = np.tile(np.arange(len(made)), 1 + copies)
    sha256 = np.array(names(len(made)))[photograph]
    order = np.lexsort((variant, sha256))
    photograph, variant = photograph[order], variant[order]
    return Rows(
        sha256=sha256[order],
        variant=variant,
        features=(features[photograph] + 0.5 * variant[:, None]).astype(np.float32),
        labels=LABELS,
        targets=targets[photograph],
        split=np.full(len(order), "train"),
        capture=capture[photograph],
        place=place[photograph],
        own=place[photograph] != "",
    )
