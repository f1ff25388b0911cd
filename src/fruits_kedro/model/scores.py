"""How good predictions are, computed from counts of (label, prediction)."""

from typing import Any

import numpy as np
import pandas as pd

from fruits_kedro.model.classifier.calibration import BINS, expected_error
from fruits_kedro.storage.heavy_types import DataFrame


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


def count_confidences(predictions: DataFrame) -> pd.DataFrame:
    """Predictions by their confidence: a row per bin, whatever the number of photographs."""
    from pyspark.sql import functions as F

    right = F.col("label") == F.col("prediction")
    bins = F.least(F.floor(F.col("probability") * BINS), F.lit(BINS - 1))
    counts = predictions.groupBy(bins.alias("bin")).agg(
        F.count(F.lit(1)).alias("rows"),
        F.avg("probability").alias("confidence"),
        F.avg(right.cast("double")).alias("accuracy"),
        F.count_if("sure").alias("sure"),
        F.count_if(F.col("sure") & right).alias("sure_and_right"),
        F.count_if("outlier").alias("outliers"),
    )
    return counts.toPandas()


def score_confidences(counts: pd.DataFrame) -> dict[str, Any]:
    """Expected calibration error, and how many predictions are sure, right then, and outliers."""
    rows, sure = int(counts.rows.sum()), int(counts.sure.sum())
    columns = "rows", "confidence", "accuracy"
    diagram = [dict(zip(columns, row, strict=True)) for row in counts[[*columns]].to_numpy()]
    return {
        "expected_calibration_error": expected_error(diagram),
        "sure": sure / rows,
        "right_if_sure": int(counts.sure_and_right.sum()) / sure if sure else None,
        "outliers": int(counts.outliers.sum()) / rows,
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
