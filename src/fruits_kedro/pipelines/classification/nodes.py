"""From principal components to labels, and how often they are right."""

import logging
from typing import Any

import pandas as pd

from fruits_kedro.classifier import Classifier, predict, train_classifier
from fruits_kedro.errors import FruitsError
from fruits_kedro.heavy_types import DataFrame, Figure
from fruits_kedro.parameters import ClassificationParameters
from fruits_kedro.plot_text import as_plot_text
from fruits_kedro.reducer import Reducer
from fruits_kedro.scores import count_confusions, score

logger = logging.getLogger(__name__)


def train_on_train(
    reduced_features: DataFrame, reducer: Reducer, parameters: ClassificationParameters
) -> Classifier:
    """Train the classifier on the train rows; labels without any are named in a warning.

    Raises:
        FruitsError: Where the train rows have fewer than two labels.
    """
    from pyspark.sql import functions as F

    trains = F.count_if(F.col("split") == "train").alias("trains")
    found = reduced_features.groupBy("label").agg(trains).orderBy("label").collect()
    counts = {row.label: row.trains for row in found if row.trains}
    others = [row.label for row in found if not row.trains]
    if others:
        logger.warning(
            "Labels without a train photograph can never be predicted: %s", ", ".join(others)
        )
    if len(counts) < 2:
        raise FruitsError(
            f"The train photographs have {len(counts)} label{'s' * (len(counts) != 1)}: a "
            "classifier needs at least two; check the Training folder or use split.method=random."
        )
    train = reduced_features.filter("split = 'train'")
    return train_classifier(train, counts, reducer, parameters)


def predict_labels(reduced_features: DataFrame, classifier: Classifier) -> DataFrame:
    """The three most probable labels of every photograph.

    Returns:
        ``schemas.PREDICTIONS``.
    """
    return predict(reduced_features, classifier)


def count_test_confusions(predictions: DataFrame) -> pd.DataFrame:
    """Test rows per (label, prediction).

    Raises:
        FruitsError: Where no row tests.
    """
    confusions = count_confusions(predictions.filter("split = 'test'"))
    if confusions.empty:
        raise FruitsError(
            "No photograph is left to test the classifier: with so few photographs per label, "
            "raise split.test_share or add photographs."
        )
    return confusions


def measure_classifier(
    confusions: pd.DataFrame,
    predictions: DataFrame,
    explained_variance: dict[str, Any],
    ingestion_report: dict[str, Any],
    featurization_report: dict[str, Any],
    split_report: dict[str, Any],
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Accuracy on the test rows, with what is needed to understand it."""
    rows = {row.split: row["count"] for row in predictions.groupBy("split").count().collect()}
    scores = score(confusions)
    return {
        "accuracy": scores["accuracy"],
        "test_error": scores["test_error"],
        "macro_f1": scores["macro_f1"],
        "split": split_report["method"],
        "classifier": classification.classifier,
        "labels": len(ingestion_report["kept_by_label"]),
        "rows": dict(sorted(rows.items())),
        "k": explained_variance["k"],
        "explained_variance": explained_variance["explained_variance"],
        "fingerprint": featurization_report["fingerprint"],
        "photographs_read": ingestion_report["read"],
        "inferences": featurization_report["inferred"],
        "per_label": scores["per_label"],
    }


def plot_confusion_matrix(confusions: pd.DataFrame) -> Figure:
    """Confusion matrix of the test rows; colours are shares of each label's rows."""
    import plotly.graph_objects as go

    labels = sorted(set(confusions.label) | set(confusions.prediction))
    counts = confusions.pivot_table(
        index="label", columns="prediction", values="rows", aggfunc="sum", fill_value=0
    ).reindex(index=labels, columns=labels, fill_value=0)
    shown = [as_plot_text(label) for label in labels]
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    heat = go.Heatmap(
        z=shares.to_numpy(),
        x=shown,
        y=shown,
        customdata=counts.to_numpy(),
        zmin=0,
        zmax=1,
        colorscale="Blues",
        colorbar_title="share",
        hovertemplate="%{y} taken for %{x}: %{customdata} (%{z:.1%})<extra></extra>",
    )
    figure = go.Figure(heat)
    figure.update_layout(title="Confusion matrix", xaxis_title="predicted", yaxis_title="label")
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure
