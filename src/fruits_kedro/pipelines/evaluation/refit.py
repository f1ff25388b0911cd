"""Fitting scaler, PCA and classifier anew, and asking them about rows that did not train."""

from dataclasses import dataclass
from typing import Any

from fruits_kedro.model.classifier import predict, train_classifier
from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.features import named_by_copy
from fruits_kedro.model.moments import TOGETHER, sum_moments
from fruits_kedro.model.reducer import Reducer, fit_reducer, possible_k, reduce_features
from fruits_kedro.model.scores import count_confusions, score
from fruits_kedro.parameters import ReductionParameters
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.storage.heavy_types import DataFrame


@dataclass(frozen=True)
class Settings:
    """How everything is fitted."""

    reduction: ReductionParameters
    classification: ClassificationParameters


@dataclass(frozen=True)
class Refit:
    """What was fitted on some rows.

    Attributes:
        reducer, classifier: Fitted.
        photographs, copies: How many trained.
    """

    reducer: Reducer
    classifier: Classifier
    photographs: int
    copies: int

    def score(self, rows: DataFrame) -> dict[str, Any] | None:
        """Scores of rows with ``label`` and ``features``; None where there are none."""
        reduced = reduce_features(rows.select("label", "features"), self.reducer)
        confusions = count_confusions(predict(reduced, self.classifier))
        if confusions.empty:
            return None
        scores = score(confusions)
        return {
            "accuracy": scores["accuracy"],
            "macro_f1": scores["macro_f1"],
            "test_rows": scores["rows"],
        }

    def describe(self) -> dict[str, Any]:
        """What it was fitted on, and how much of that it kept."""
        return {
            "train_rows": self.photographs,
            "copies": self.copies,
            "k": self.reducer.k,
            "explained_variance": float(self.reducer.explained_variance_ratio.sum()),
        }


def refit(train: DataFrame, copies: DataFrame | None, settings: Settings) -> Refit | dict[str, Any]:
    """Fit on train rows and their copies.

    Args:
        train: ``sha256``, ``label`` and ``features``.
        copies: As ``features.present_copies`` gives them, of any photographs: those of others than
            the train rows are left out.
        settings: How.

    Returns:
        What was fitted, or a report that says why nothing was.
    """
    columns = ["sha256", "label", "features"]
    megabytes, unit_length = settings.reduction.driver_megabytes, settings.reduction.unit_length
    shrinkage = settings.reduction.within_shrinkage
    own = train.select(columns)
    photographs = {row.label: row["count"] for row in own.groupBy("label").count().collect()}
    counts = dict(photographs)
    labels = TOGETHER if shrinkage is None else sorted(counts)
    moments = sum_moments(own, megabytes, unit_length, labels)
    if moments is None or len(counts) < 2:
        return {"left_out": "fewer than two labels are left to train on"}
    if moments.are_alike:
        return {"left_out": "the photographs left to train on are all alike"}
    if copies is not None:
        mine = copies.drop("label").join(train.select("sha256", "label"), "sha256")
        for row in mine.groupBy("label").count().collect():
            counts[row.label] += row["count"]
        named = named_by_copy(mine).select(columns)
        of_copies = sum_moments(named, megabytes, unit_length, labels)
        moments = moments + of_copies if of_copies else moments
        own = own.unionByName(named)
    k = possible_k(settings.reduction.k, moments.rows, len(moments.total))
    reducer = fit_reducer(moments, k, "", shrinkage)
    reduced = reduce_features(own, reducer).cache()
    try:
        classifier = train_classifier(reduced, counts, reducer, settings.classification)
    finally:
        reduced.unpersist()
    known = sum(photographs.values())
    return Refit(reducer, classifier, known, sum(counts.values()) - known)


def refit_and_score(
    rows: DataFrame, copies: DataFrame | None, settings: Settings
) -> dict[str, Any]:
    """Train on the rows whose split is train, and on their copies; test on those whose is test."""
    fitted = refit(rows.filter("split = 'train'"), copies, settings)
    return ask(fitted, rows.filter("split = 'test'"))


def ask(fitted: Refit | dict[str, Any], rows: DataFrame) -> dict[str, Any]:
    """Scores of rows that did not train, or a report that says why there are none."""
    if isinstance(fitted, dict):
        return fitted
    scores = fitted.score(rows)
    if scores is None:
        return {"left_out": "no photograph is left to test on"}
    return {**scores, **fitted.describe()}
