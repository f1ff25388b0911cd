"""How good predictions are, computed from counts of (label, prediction)."""

from typing import Any

import numpy as np
import pandas as pd

from fruits_kedro.heavy_types import DataFrame


def count_confusions(predictions: DataFrame) -> pd.DataFrame:
    """Rows per (label, prediction): a small table whatever the number of photographs."""
    counts = predictions.groupBy("label", "prediction").count().toPandas()
    counts = counts.rename(columns={"count": "rows"})
    return counts.sort_values(["label", "prediction"], ignore_index=True)


def score(confusions: pd.DataFrame) -> dict[str, Any]:
    """Accuracy, test error, macro F1 and per-label scores.

    Macro F1 averages over the labels that occur among the rows or the predictions; a label that is
    never predicted has precision 0, as in scikit-learn with ``zero_division=0``.
    """
    labels = sorted(set(confusions.label) | set(confusions.prediction))
    matrix = confusions.pivot_table(
        index="label", columns="prediction", values="rows", aggfunc="sum", fill_value=0
    ).reindex(index=labels, columns=labels, fill_value=0)
    counts = matrix.to_numpy()
    hits, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision = _ratio(hits, predicted)
    recall = _ratio(hits, support)
    f1 = _ratio(2 * hits, support + predicted)
    accuracy = float(hits.sum() / counts.sum())
    per_label = {
        label: {
            "support": int(support[i]),
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
        }
        for i, label in enumerate(labels)
    }
    return {
        "rows": int(counts.sum()),
        "accuracy": accuracy,
        "test_error": 1 - accuracy,
        "macro_f1": float(f1.mean()),
        "per_label": per_label,
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
