"""How good the classifier really is: refitted from the features on each way of holding rows out."""

import logging
from collections.abc import Iterator
from typing import Any

from fruits_kedro.backbone.artefact import Backbone
from fruits_kedro.classification_parameters import ClassificationParameters
from fruits_kedro.classifier import predict, train_classifier
from fruits_kedro.features import present_features
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.moments import sum_moments
from fruits_kedro.parameters import (
    EvaluationParameters,
    ReductionParameters,
    SplitParameters,
)
from fruits_kedro.photos.labels import parse_capture
from fruits_kedro.reducer import fit_reducer, possible_k, reduce_features
from fruits_kedro.scores import count_confusions, score
from fruits_kedro.split_methods.folder import by_folder
from fruits_kedro.split_methods.random import assign as assign_at_random

logger = logging.getLogger(__name__)


def gather_features(photographs: DataFrame, features: DataFrame, backbone: Backbone) -> DataFrame:
    """Features of every kept photograph, held in memory for the refits.

    Returns:
        path, label, split (what the folders say, or null), sha256 and features.
    """
    kept = photographs.filter("status = 'kept'").select("path", "label", "split", "sha256")
    return present_features(features, kept, backbone.fingerprint).cache()


def evaluate_folder(
    all_features: DataFrame,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Train on the Training folders, test on the Test folders.

    Turntable photographs leak here: frames next to a test frame are in the train folder.
    """
    named = {row.split for row in all_features.select("split").distinct().collect()}
    if not {"train", "test"} <= named:
        return {"left_out": "there are no Training and Test folders"}
    return _refit_and_score(by_folder(all_features), reduction, classification)


def evaluate_random(
    all_features: DataFrame,
    split: SplitParameters,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Train and test on a random draw, whatever the folders say; it leaks as folder does."""
    return _refit_and_score(assign_at_random(all_features, split), reduction, classification)


def evaluate_capture(
    all_features: DataFrame,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    evaluation: EvaluationParameters,
) -> dict[str, Any]:
    """Leave one capture group out: test on turns of the fruit that the classifier never saw.

    Labels with one group only cannot be tested on another; they train in every fold and are named.
    """
    groups, single = _capture_groups(all_features, evaluation.capture_pattern)
    names = sorted({group for group, _ in groups})
    if len(names) < 2:
        return {"left_out": "the file names tell fewer than two capture groups of one label"}
    rows = all_features.join(_group_table(all_features, evaluation.capture_pattern), "path")
    folds = {}
    for name, fold in _folds(rows, names, single):
        folds[name] = _refit_and_score(fold, reduction, classification)
        _tell(name, folds[name])
    accuracies = [fold["accuracy"] for fold in folds.values() if "accuracy" in fold]
    if not accuracies:
        return {"left_out": "no fold leaves two labels to train on and a photograph to test"}
    return {
        "mean": sum(accuracies) / len(accuracies),
        "folds": folds,
        "labels_with_one_group": sorted(single),
    }


def collect_evaluation(
    folder: dict[str, Any], random: dict[str, Any], capture: dict[str, Any]
) -> dict[str, Any]:
    """The three answers side by side; capture is the one to believe."""
    return {"folder": folder, "random": random, "capture": capture}


def _tell(group: str, scores: dict[str, Any]) -> None:
    if "accuracy" in scores:
        told = f"accuracy {scores['accuracy']:.4f} on its {scores['test_rows']} photographs"
    else:
        told = scores["left_out"]
    logger.info("Trained without capture group %s: %s", group, told)


def _refit_and_score(
    rows: DataFrame, reduction: ReductionParameters, classification: ClassificationParameters
) -> dict[str, Any]:
    train = rows.filter("split = 'train'")
    moments = sum_moments(train, reduction.driver_megabytes, reduction.unit_length)
    counts = {row.label: row["count"] for row in train.groupBy("label").count().collect()}
    if moments is None or len(counts) < 2:
        return {"left_out": "fewer than two labels are left to train on"}
    k = possible_k(reduction.k, moments.rows, len(moments.total))
    reducer = fit_reducer(moments, k, fingerprint="")
    if reducer.explains_nothing:
        return {"left_out": "the photographs left to train on are all alike"}
    reduced = reduce_features(rows, reducer).cache()
    try:
        reduced_train = reduced.filter("split = 'train'")
        classifier = train_classifier(reduced_train, counts, reducer, classification)
        confusions = count_confusions(predict(reduced.filter("split = 'test'"), classifier))
    finally:
        reduced.unpersist()
    if confusions.empty:
        return {"left_out": "no photograph is left to test on"}
    scores = score(confusions)
    return {
        "accuracy": scores["accuracy"],
        "macro_f1": scores["macro_f1"],
        "train_rows": moments.rows,
        "test_rows": scores["rows"],
        "k": reducer.k,
        "explained_variance": float(reducer.explained_variance_ratio.sum()),
    }


def _group_table(rows: DataFrame, pattern: str) -> DataFrame:
    from pyspark.sql import functions as F

    # Java's regular expressions differ from Python's; the pattern is documented as Python's.
    parse = F.udf(lambda path: parse_capture(path, pattern), "string")
    return rows.select("path", parse("path").alias("capture"))


def _capture_groups(rows: DataFrame, pattern: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Pairs of (group, label), and the labels that have fewer than two groups."""
    pairs = rows.join(_group_table(rows, pattern), "path").select("capture", "label").distinct()
    by_label: dict[str, set[str]] = {}
    for row in pairs.collect():
        by_label.setdefault(row.label, set()).update({row.capture} - {None})
    single = {label for label, groups in by_label.items() if len(groups) < 2}
    tested = {(g, label) for label, gs in by_label.items() if label not in single for g in gs}
    return tested, single


def _folds(rows: DataFrame, names: list[str], single: set[str]) -> Iterator[tuple[str, DataFrame]]:
    from pyspark.sql import functions as F

    testable = ~F.col("label").isin(sorted(single))
    for name in names:
        held_out = F.coalesce(F.col("capture") == name, F.lit(False)) & testable
        split = F.when(held_out, "test").otherwise("train")
        yield name, rows.withColumn("split", split).drop("capture")
