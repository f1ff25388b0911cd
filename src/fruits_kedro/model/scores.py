"""Scores of predictions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.confidence import expected_error, reliability

if TYPE_CHECKING:
    import pandas as pd

Names = npt.NDArray[Any] | Sequence[str]


def count_confusions(labels: Names, predictions: Names) -> "pd.DataFrame":
    """Number of ``rows`` of each occurring pair of ``label`` and ``prediction``, sorted."""
    import pandas as pd

    pairs = pd.DataFrame({"label": np.asarray(labels), "prediction": np.asarray(predictions)})
    return pairs.value_counts(sort=False).sort_index().rename("rows").reset_index()


def score(labels: Names, predictions: Names) -> dict[str, Any]:
    """Accuracy, test error, macro F1 and per-label scores of at least one row.

    Macro F1 averages over the labels that occur among the rows or the predictions; a label that is
    never predicted has precision 0.
    """
    from sklearn.metrics import precision_recall_fscore_support

    actual, predicted = np.asarray(labels, np.str_), np.asarray(predictions, np.str_)
    names = np.unique(np.concatenate([actual, predicted])).tolist()
    columns = precision_recall_fscore_support(actual, predicted, labels=names, zero_division=0)
    accuracy = float((actual == predicted).mean())
    return {
        "rows": len(actual),
        "accuracy": accuracy,
        "test_error": 1 - accuracy,
        "macro_f1": float(columns[2].mean()),
        "per_label": {
            name: {
                "support": int(support),
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
            }
            for name, precision, recall, f1, support in zip(names, *columns, strict=True)
        },
    }


def score_confidences(
    probability: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    sure: Sequence[bool | None],
    outlier: Sequence[bool | None],
) -> dict[str, Any]:
    """Expected calibration error, and shares that are sure, right if sure, and outliers.

    Args:
        probability: ``(n,)``, of the prediction.
        right: ``(n,)``, whether it is the label.
        sure, outlier: ``(n,)``, None without calibration.
    """
    believed = np.array([value is True for value in sure])
    return {
        "expected_calibration_error": expected_error(reliability(probability, right)),
        "sure": float(believed.mean()),
        "right_if_sure": float(right[believed].mean()) if believed.any() else None,
        "outliers": float(np.mean([value is True for value in outlier])),
    }
