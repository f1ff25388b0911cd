"""Trains, calibrates and measures the classifier."""

import logging
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, broadcast
from fruits_kedro.datasets.reports import Figure
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import Classifier, fit_classifier, predicted_columns
from fruits_kedro.model.matrices import rows_of
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel, fold
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.refits import Refits
from fruits_kedro.model.rows import own_weights
from fruits_kedro.model.scores import score, score_confidences
from fruits_kedro.parameters import ClassificationParameters, OwnParameters, ReductionParameters
from fruits_kedro.pipelines.coverage import coverage
from fruits_kedro.pipelines.feature_rows import (
    are_own,
    evenly,
    kept_photographs,
    load_rows,
    locate_features,
    map_stored,
    targets_of,
)
from fruits_kedro.pipelines.plot_text import as_plot_text
from fruits_kedro.storage.schemas import PREDICTED, PREDICTIONS
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_TASK_ROWS = 32768
"""Rows per task: 40 MB of components, a second of work."""


def train_on_train(
    reduced_features: Table,
    reducer: Reducer,
    parameters: ClassificationParameters,
    own: OwnParameters,
) -> Classifier:
    """Train the classifier on the train rows and their augmented copies.

    Raises:
        FruitsError: If the train rows have fewer than two labels.
    """
    trains = pc.field("split") == "train"
    hashes = reduced_features.read(["sha256"], trains)
    last = pc.max(evenly(hashes, parameters.rows, "classification.rows")["sha256"])
    columns = ["label", "source", "sha256", "variant", "components"]
    train = reduced_features.read(columns, trains & (pc.field("sha256") <= last))
    train = train.sort_by([("sha256", "ascending"), ("variant", "ascending")]).combine_chunks()
    components, (labels, targets) = rows_of(train["components"]), targets_of(train)
    weights = own_weights(targets, are_own(train), own.share)
    return fit_classifier(components, targets, labels, reducer.id, parameters, weights)


def calibrate_on_held_out(
    classifier: Classifier,
    features: Table,
    photographs: Table,
    variants: Table,
    backbone: Backbone,
    reducer: Reducer,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> tuple[Classifier, dict[str, Any]]:
    """Choose temperature and thresholds on photographs that a refit did not see.

    Returns:
        The calibrated classifier, and the report on held-out train photographs.
    """
    kept = kept_photographs(photographs, "train")
    train = evenly(kept, classification.calibration.rows, "classification.calibration.rows")
    located = locate_features(features, train, variants.read(), backbone.fingerprint)
    rows = load_rows(features, located).with_labels(classifier.labels)
    as_many = reduction.model_copy(update={"k": reducer.k})
    return calibrate(classifier, reducer, Refits(rows, as_many, classification, own))


def fold_phone_model(
    backbone: Backbone, reducer: Reducer, classifier: Classifier
) -> PhoneModel | NoPhoneModel:
    """Join network, reducer and classifier in one file, or say why that is impossible."""
    folded = fold(backbone, reducer, classifier)
    if isinstance(folded, PhoneModel):
        logger.info("The file for a phone has %.1f MB", len(folded.content) / 1e6)
    else:
        logger.info("%s", folded.reason)
    return folded


def predict_labels(reduced_features: Table, classifier: Classifier) -> WorkerRows:
    """Predict the three most probable labels of every photograph.

    Returns:
        ``schemas.PREDICTIONS``.
    """
    names = [name for name in PREDICTIONS.names if name not in PREDICTED]
    places = reduced_features.places([*names, "variant"])
    places = places.filter(pc.equal(places["variant"], 0))
    shared = broadcast(classifier)

    def compute(rows: pa.Table, components: npt.NDArray[np.float32]) -> dict[str, Any]:
        studio = rows["studio"].to_numpy(zero_copy_only=False)
        return predicted_columns(shared.value, components, studio)

    return map_stored(reduced_features, places, "components", compute, PREDICTIONS, _TASK_ROWS)


def count_test_confusions(predictions: Table) -> pd.DataFrame:
    """Count test rows by (label, prediction).

    Raises:
        FruitsError: If no row tests.
    """
    tests = predictions.read(["label", "prediction"], pc.field("split") == "test")
    pairs = tests.to_pandas()
    confusions = pairs.value_counts(sort=False).sort_index().rename("rows").reset_index()
    if confusions.empty:
        raise FruitsError(
            "No photograph is left to test the classifier: with so few photographs per label, "
            "raise split.test_share or add photographs."
        )
    return confusions


def measure_classifier(
    confusions: pd.DataFrame,
    predictions: Table,
    explained_variance: dict[str, Any],
    ingestion_report: dict[str, Any],
    featurization_report: dict[str, Any],
    split_report: dict[str, Any],
    calibration: dict[str, Any],
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Measure the accuracy on the test rows, and what it covers."""
    splits = predictions.to_pandas(["split"])["split"].value_counts().sort_index()
    columns = ["label", "prediction", "probability", "sure", "outlier"]
    tests = predictions.read(columns, pc.field("split") == "test")
    scores = score(tests["label"].to_pylist(), tests["prediction"].to_pylist())
    right = pc.equal(tests["label"], tests["prediction"]).to_numpy()
    sure, outlier = (pc.fill_null(tests[name], False).to_numpy() for name in ("sure", "outlier"))
    confidences = score_confidences(tests["probability"].to_numpy(), right, sure, outlier)
    if held_out := calibration.get("held_out"):
        kept = {name: value for name, value in held_out.items() if name != "reliability"}
        calibration = calibration | {"held_out": kept}
    covered = coverage(scores["per_label"], ingestion_report["kept_by_label"])
    return {
        "accuracy": scores["accuracy"],
        "test_error": 1 - scores["accuracy"],
        "macro_f1": covered["macro_f1"],
        "split": split_report["method"],
        "classifier": classification.classifier,
        "labels": len(ingestion_report["kept_by_label"]),
        "rows": splits.to_dict(),
        "coverage": covered,
        "calibration": calibration | {"test": confidences},
        "k": explained_variance["k"],
        "explained_variance": explained_variance["explained_variance"],
        "fingerprint": featurization_report["fingerprint"],
        "photographs_read": ingestion_report["read"],
        "inferences": featurization_report["inferred"],
        "per_label": scores["per_label"],
    }


def plot_confusion_matrix(confusions: pd.DataFrame) -> Figure:
    """Draw the confusion matrix of the test rows, coloured by share of each label."""
    import plotly.express as px

    labels = sorted(set(confusions.label) | set(confusions.prediction))
    counts = confusions.set_index(["label", "prediction"])["rows"].unstack(fill_value=0)
    counts = counts.reindex(index=labels, columns=labels, fill_value=0)
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    shown = [as_plot_text(label) for label in labels]
    named = {"x": "predicted", "y": "label", "color": "share"}
    figure = px.imshow(shares.to_numpy(), x=shown, y=shown, labels=named, range_color=(0, 1))
    hover = "%{y} taken for %{x}: %{customdata} (%{z:.1%})<extra></extra>"
    figure.update_traces(customdata=counts.to_numpy(), hovertemplate=hover)
    figure.update_layout(title="Confusion matrix")
    figure.update_coloraxes(colorscale="Blues")
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category")
    return figure


def plot_reliability(calibration: dict[str, Any]) -> Figure:
    """Draw the reliability diagram: how often predictions of each confidence are right.

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
            hovertemplate="%{customdata} rows: %{x:.2f} predicted, %{y:.2f} right<extra></extra>",
        )
    rows = "not calibrated"
    if held_out:
        photographs, copies = (held_out[part]["rows"] for part in ("photographs", "copies"))
        of_copies = f" and {copies} copies of them" if copies else ""
        rows = f"{photographs} held-out photographs{of_copies}"
    figure.update_layout(
        title=f"Reliability: {rows}, temperature {calibration['temperature']:.2f}",
        xaxis={"title": "probability of the prediction", "range": [0, 1]},
        yaxis={"title": "share of right predictions", "range": [0, 1.02]},
        legend={"orientation": "h"},
    )
    return figure
