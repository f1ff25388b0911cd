"""Trains, calibrates and measures the classifier."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, broadcast, cut
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import Classifier, fit_classifier, predicted_columns
from fruits_kedro.model.matrices import rows_of
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel, fold
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.rows import own_weights
from fruits_kedro.model.scores import (
    count_confusions,
    score,
    score_confidences,
)
from fruits_kedro.parameters import (
    ClassificationParameters,
    OwnParameters,
    ReductionParameters,
)
from fruits_kedro.pipelines.coverage import coverage
from fruits_kedro.pipelines.feature_rows import (
    are_own,
    evenly,
    kept_photographs,
    load_rows,
    locate_features,
    targets_of,
)
from fruits_kedro.pipelines.plot_text import as_plot_text
from fruits_kedro.storage.heavy_types import Figure
from fruits_kedro.storage.schemas import PREDICTED, PREDICTIONS
from fruits_kedro.storage.tables import Table, read_places

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

    Labels without a train row are named in a warning.

    Raises:
        FruitsError: If the train rows have fewer than two labels.
    """
    labels = _train_labels(reduced_features)
    trains = pc.field("split") == "train"
    hashes = reduced_features.read(["sha256"], trains)
    chosen, wanted = evenly(hashes, parameters.rows, "classification.rows"), trains
    if chosen.num_rows < hashes.num_rows:
        wanted = trains & (pc.field("sha256") <= pc.max(chosen["sha256"]))
    columns = ["label", "source", "sha256", "variant", "components"]
    train = reduced_features.read(columns, wanted)
    train = train.sort_by([("sha256", "ascending"), ("variant", "ascending")]).combine_chunks()
    components = rows_of(train["components"])
    targets = targets_of(train, labels)
    weights = own_weights(targets, are_own(train), own.share)
    return fit_classifier(components, targets, labels, reducer.id, parameters, weights)


def _train_labels(reduced_features: Table) -> list[str]:
    rows = reduced_features.read(["label", "split"])
    every = set(rows["label"].unique().to_pylist())
    trained = set(rows["label"].filter(pc.equal(rows["split"], "train")).unique().to_pylist())
    if every - trained:
        logger.warning(
            "Labels without a train photograph can never be predicted: %s",
            ", ".join(sorted(every - trained)),
        )
    if len(trained) < 2:
        raise FruitsError(
            f"The train photographs have {len(trained)} label{'s' * (len(trained) != 1)}: a "
            "classifier needs at least two; check the Training folder or use split.method=random."
        )
    return sorted(trained)


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
    rows = load_rows(features, located, classifier.labels)
    shrinkage = reduction.within_shrinkage
    return calibrate(rows, classifier, reducer, shrinkage, classification, own)


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
    places = places.filter(pc.equal(places["variant"], 0)).drop_columns(["variant"])
    files, shared = reduced_features.file_uris, broadcast(classifier)

    def work(task: pa.Table) -> Iterator[pa.RecordBatch]:
        for part, batch in read_places(files, task, ["components"]):
            described = task.slice(part.start, batch.num_rows).select(names)
            components = rows_of(batch.column("components"))
            studio = described["studio"].to_numpy(zero_copy_only=False)
            for name, column in predicted_columns(shared.value, components, studio).items():
                described = described.append_column(name, column)
            table = described.select(PREDICTIONS.names).cast(PREDICTIONS)
            yield from table.combine_chunks().to_batches()

    return WorkerRows(cut(places, _TASK_ROWS), work)


def count_test_confusions(predictions: Table) -> pd.DataFrame:
    """Count test rows by (label, prediction).

    Raises:
        FruitsError: If no row tests.
    """
    tests = predictions.read(["label", "prediction"], pc.field("split") == "test")
    confusions = count_confusions(tests["label"].to_pylist(), tests["prediction"].to_pylist())
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
    splits = pc.value_counts(predictions.read(["split"])["split"].combine_chunks()).to_pylist()
    columns = ["label", "prediction", "probability", "sure", "outlier"]
    tests = predictions.read(columns, pc.field("split") == "test")
    scores = score(tests["label"].to_pylist(), tests["prediction"].to_pylist())
    covered = coverage(scores["per_label"], ingestion_report["kept_by_label"])
    return {
        "accuracy": scores["accuracy"],
        "test_error": scores["test_error"],
        "macro_f1": covered["macro_f1"],
        "split": split_report["method"],
        "classifier": classification.classifier,
        "labels": len(ingestion_report["kept_by_label"]),
        "rows": {row["values"]: row["counts"] for row in sorted(splits, key=lambda r: r["values"])},
        "coverage": covered,
        "calibration": _without_diagrams(calibration) | {"test": _score_confidences(tests)},
        "k": explained_variance["k"],
        "explained_variance": explained_variance["explained_variance"],
        "fingerprint": featurization_report["fingerprint"],
        "photographs_read": ingestion_report["read"],
        "inferences": featurization_report["inferred"],
        "per_label": scores["per_label"],
    }


def _score_confidences(tests: pa.Table) -> dict[str, Any]:
    right = pc.equal(tests["label"], tests["prediction"]).to_numpy()
    doubts = tests["sure"].to_pylist(), tests["outlier"].to_pylist()
    return score_confidences(tests["probability"].to_numpy(), right, *doubts)


def _without_diagrams(calibration: dict[str, Any]) -> dict[str, Any]:
    held_out = calibration.get("held_out")
    if held_out is None:
        return calibration
    kept = {name: value for name, value in held_out.items() if name != "reliability"}
    return calibration | {"held_out": kept}


def plot_confusion_matrix(confusions: pd.DataFrame) -> Figure:
    """Draw the confusion matrix of the test rows, coloured by share of each label."""
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
