"""Scores of predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fruits_kedro.model.confidence import expected_error, reliability
from fruits_kedro.model.matrices import Flags, Matrix

Names = npt.NDArray[Any] | Sequence[str]


def score(labels: Names, predictions: Names) -> dict[str, Any]:
    """Accuracy, macro F1 and per-label scores of at least one row.

    Macro F1 averages over the labels that occur among the rows or the predictions; a label that is
    never predicted has precision 0.
    """
    from sklearn.metrics import precision_recall_fscore_support

    actual, predicted = np.asarray(labels, np.str_), np.asarray(predictions, np.str_)
    names = np.unique(np.concatenate([actual, predicted])).tolist()
    precision, recall, f1, support = precision_recall_fscore_support(
        actual, predicted, labels=names, zero_division=0
    )
    columns = {"support": support, "precision": precision, "recall": recall, "f1": f1}
    return {
        "accuracy": float((actual == predicted).mean()),
        "macro_f1": float(f1.mean()),
        "per_label": pd.DataFrame(columns, names).to_dict("index"),
    }


def score_confidences(
    probability: Matrix, right: Flags, sure: Flags, outlier: Flags
) -> dict[str, Any]:
    """Expected calibration error, and shares that are sure, right if sure, and outliers."""
    return {
        "expected_calibration_error": expected_error(reliability(probability, right)),
        "sure": float(sure.mean()),
        "right_if_sure": float(right[sure].mean()) if sure.any() else None,
        "outliers": float(outlier.mean()),
    }
