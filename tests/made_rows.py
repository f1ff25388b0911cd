"""Made-up rows of features for fits, and small parameters."""

from typing import Any

import numpy as np
import pyarrow as pa
from feature_tables import CALIBRATION, names

from fruits_kedro.model.evaluating import Settings
from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import ClassificationParameters, OwnParameters, ReductionParameters

LABELS = ("fig", "kiwi", "nan")
PLACE = "market"
MAP = {"points": 3, "landmarks": 3, "perplexity": 1, "components": 2, "iterations": 250, "seed": 0}


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


def settings(classifier: str = "logistic_regression", scaling: str = "standard") -> Settings:
    reduction = ReductionParameters(scaling=scaling, shrinkage=0.3, k=6, rows=10_000, map=MAP)
    return Settings(reduction, classification(classifier), OwnParameters(minimum=30, folds=3))


def make_rows(
    rows: int = 40,
    groups: tuple[str, ...] = ("", "r"),
    apart: float = 1.5,
    copies: bool = False,
    own: int = 0,
    labels: tuple[str, ...] = LABELS,
) -> Rows:
    """Frames of labels, each capture group of a label a little elsewhere.

    Args:
        rows: Photographs of each label.
        groups: Capture groups; the empty one is ``plain``.
        apart: Distance of labels.
        copies: A copy of each photograph, moved.
        own: Own photographs of each label, far away, which differ in other features.
        labels: Names.
    """
    random = np.random.default_rng(0)
    columns: dict[str, list[Any]] = {name: [] for name in ("label", "capture", "place", "features")}
    for place, label in enumerate(labels):
        for group in groups:
            middle = apart * np.eye(3, 6)[place] + random.normal(size=6) * 0.7
            middle[4:] = 0
            for _ in range(rows // len(groups)):
                add(columns, label, group or "plain", "", middle + random.normal(size=6))
        for _ in range(own):
            middle = np.array([0.0, 0, 0, 0, 9, 0])
            middle[[3, 5]] = [(4, 0), (0, 4), (-4, -4)][place]
            add(columns, label, "", PLACE, middle + random.normal(size=6))
    count = len(columns["label"])
    sha256, variant = names(count), [0] * count
    if copies:
        columns["features"] += [[value + 0.5 for value in row] for row in columns["features"]]
        sha256, variant = sha256 * 2, variant + [1] * count
        for name in ("label", "capture", "place"):
            columns[name] = columns[name] * 2
    table = {
        "sha256": sha256,
        "variant": pa.array(variant, pa.int32()),
        "split": ["train"] * len(variant),
        "source": ["own" if place else "images" for place in columns["place"]],
        **columns,
        "features": pa.array(columns["features"], pa.list_(pa.float32())),
    }
    return Rows.of(pa.table(table), labels)


def add(columns: dict[str, list[Any]], label: str, capture: str, place: str, features: Any) -> None:
    columns["label"].append(label)
    columns["capture"].append(capture)
    columns["place"].append(place)
    columns["features"].append(features.tolist())
