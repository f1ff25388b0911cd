"""From principal components to labels, and how often they are right."""

import logging
from typing import Any

import pandas as pd

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.classifier import Classifier, predict, train_classifier
from fruits_kedro.model.classifier.calibrating import calibrate
from fruits_kedro.model.features import copies_of_first, first_train_features, named_by_copy
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel, fold
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.scores import count_confidences, count_confusions, score, score_confidences
from fruits_kedro.parameters import EvaluationParameters, ReductionParameters
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.pipelines.plot_text import as_plot_text
from fruits_kedro.storage.heavy_types import DataFrame, Figure

logger = logging.getLogger(__name__)


def train_on_train(
    reduced_features: DataFrame,
    reduced_variants: DataFrame,
    reducer: Reducer,
    parameters: ClassificationParameters,
) -> Classifier:
    """Train the classifier on the train rows and their augmented copies.

    Labels without a train row are named in a warning.

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
    for row in reduced_variants.groupBy("label").count().collect():
        counts[row.label] += row["count"]
    columns = ["sha256", "label", "components"]
    train = reduced_features.filter("split = 'train'").select(columns)
    copies = named_by_copy(reduced_variants).select(columns)
    return train_classifier(train.unionByName(copies), counts, reducer, parameters)


def calibrate_on_held_out(
    classifier: Classifier,
    features: DataFrame,
    splits: DataFrame,
    augmented_features: DataFrame,
    variants: DataFrame,
    backbone: Backbone,
    reducer: Reducer,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    evaluation: EvaluationParameters,
) -> tuple[Classifier, dict[str, Any]]:
    """What probabilities are worth, by refits without some of the train photographs.

    Returns:
        The classifier, calibrated; and what held-out train photographs said of it.
    """
    most, megabytes = classification.calibration.rows, reduction.driver_megabytes

    def read_rows() -> tuple[Any, Any]:
        train = first_train_features(features, splits, backbone.fingerprint, most, megabytes)
        return train, copies_of_first(augmented_features, variants, train, megabytes)

    shrinkage, pattern = reduction.within_shrinkage, evaluation.capture_pattern
    return calibrate(read_rows, classifier, reducer, shrinkage, classification, pattern)


def fold_phone_model(
    backbone: Backbone, reducer: Reducer, classifier: Classifier
) -> PhoneModel | NoPhoneModel:
    """Everything from pixels to probabilities in one file, or why there is none."""
    folded = fold(backbone, reducer, classifier)
    if isinstance(folded, PhoneModel):
        logger.info("The file for a phone has %.1f MB", len(folded.content) / 1e6)
    else:
        logger.info("%s", folded.reason)
    return folded


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
    calibration: dict[str, Any],
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Accuracy on the test rows, with what is needed to understand it."""
    confidences = count_confidences(predictions.filter("split = 'test'"))
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
        "calibration": _without_diagrams(calibration) | {"test": score_confidences(confidences)},
        "k": explained_variance["k"],
        "explained_variance": explained_variance["explained_variance"],
        "fingerprint": featurization_report["fingerprint"],
        "photographs_read": ingestion_report["read"],
        "inferences": featurization_report["inferred"],
        "per_label": scores["per_label"],
    }


def _without_diagrams(calibration: dict[str, Any]) -> dict[str, Any]:
    held_out = calibration.get("held_out")
    if held_out is None:
        return calibration
    kept = {name: value for name, value in held_out.items() if name != "reliability"}
    return calibration | {"held_out": kept}


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


def plot_reliability(calibration: dict[str, Any]) -> Figure:
    """Reliability diagram of held-out photographs and copies: how often each confidence is right.

    Source: Guo and others, On calibration of modern neural networks, 2017.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="as it should be", line_dash="dot")
    )
    held_out: dict[str, Any] = calibration.get("held_out", {})
    for name, words in (("before", "as trained"), ("after", "calibrated")) if held_out else ():
        error = held_out["expected_calibration_error"][name]
        diagram = held_out["reliability"][name]
        figure.add_scatter(
            x=[row["confidence"] for row in diagram],
            y=[row["accuracy"] for row in diagram],
            customdata=[row["rows"] for row in diagram],
            mode="lines+markers",
            name=f"{words} (expected error {error:.3f})",
            hovertemplate="%{customdata} rows: %{x:.2f} told, %{y:.2f} right<extra></extra>",
        )
    rows = _held_out_rows(held_out) if held_out else "not calibrated"
    figure.update_layout(
        title=f"Reliability: {rows}, temperature {calibration['temperature']:.2f}",
        xaxis={"title": "probability of the prediction", "range": [0, 1]},
        yaxis={"title": "share of right predictions", "range": [0, 1.02]},
        legend={"orientation": "h"},
    )
    return figure


def _held_out_rows(held_out: dict[str, Any]) -> str:
    photographs, copies = (held_out[part]["rows"] for part in ("photographs", "copies"))
    of_copies = f" and {copies} copies of them" if copies else ""
    return f"{photographs} held-out photographs{of_copies}"
