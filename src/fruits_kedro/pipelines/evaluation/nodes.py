"""How good the classifier really is: refitted from the features on each way of holding rows out."""

import logging
from collections.abc import Iterator
from typing import Any

from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.features import present_copies, present_features
from fruits_kedro.parameters import (
    EvaluationParameters,
    FeaturizationParameters,
    ReductionParameters,
    SplitParameters,
)
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.photos.augmentation.backgrounds import shipped_backgrounds
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.augmentation.scene import Style
from fruits_kedro.photos.augmentation.workers import copies_in_slices, missing_copies
from fruits_kedro.photos.split_methods.folder import by_folder
from fruits_kedro.photos.split_methods.random import assign as assign_at_random
from fruits_kedro.pipelines.evaluation.captures import (
    find_captures,
    folds_of,
    testable,
    with_captures,
)
from fruits_kedro.pipelines.evaluation.refit import Settings, ask, refit, refit_and_score
from fruits_kedro.storage.heavy_types import DataFrame

logger = logging.getLogger(__name__)


def gather_features(photographs: DataFrame, features: DataFrame, backbone: Backbone) -> DataFrame:
    """Features of every kept photograph, held in memory for the refits.

    Returns:
        path, label, split (what the folders say, or null), sha256 and features.
    """
    kept = photographs.filter("status = 'kept'").select("path", "label", "split", "sha256")
    return present_features(features, kept, backbone.fingerprint).cache()


def gather_copies(augmented_features: DataFrame, variants: DataFrame) -> DataFrame:
    """Features of the augmented copies of train photographs, held in memory for the refits.

    Returns:
        sha256 (of the photograph), variant, label and features.
    """
    return present_copies(augmented_features, variants).cache()


def choose_scenes(
    all_features: DataFrame, backbone: Backbone, parameters: EvaluationParameters
) -> DataFrame:
    """Name the cluttered scenes: some photographs of every capture group that can be left out.

    Returns:
        ``schemas.VARIANTS``.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = with_captures(all_features.drop("features"), parameters.capture_pattern)
    draw = F.xxhash64("sha256", F.lit(parameters.scenes_seed))
    ordered = Window.partitionBy("label", "capture").orderBy(draw, "sha256")
    ranked = testable(rows, find_captures(rows)).withColumn("rank", F.row_number().over(ordered))
    return ranked.filter(F.col("rank") <= parameters.scenes_per_group).select(
        "sha256",
        "path",
        "label",
        F.lit(1).alias("variant"),
        F.lit(_scene_recipe(parameters).fingerprint(backbone.fingerprint)).alias("fingerprint"),
    )


def compute_scene_features(
    scenes: DataFrame,
    photographs: DataFrame,
    images: DataFrame,
    known_scene_features: DataFrame,
    backbone: Backbone,
    featurization: FeaturizationParameters,
    evaluation: EvaluationParameters,
) -> Iterator[DataFrame]:
    """Compose the scenes that are not known yet, on backgrounds that never trained.

    Yields:
        ``schemas.FEATURES``, slice by slice.
    """
    missing = missing_copies(scenes, photographs, known_scene_features)
    recipe, backgrounds = _scene_recipe(evaluation), shipped_backgrounds("held_out")
    logger.info("%d cluttered scenes need features", missing.count())
    slices = featurization.slice_images
    yield from copies_in_slices(missing, images, backbone, recipe, backgrounds, slices)
    if known_scene_features.isEmpty() and missing.isEmpty():
        yield known_scene_features  # so that there is a table, and later runs know of it


def evaluate_folder(
    all_features: DataFrame,
    all_copies: DataFrame | None,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Train on the Training folders, test on the Test folders.

    Turntable photographs leak here: frames next to a test frame are in the train folder.
    """
    named = {row.split for row in all_features.select("split").distinct().collect()}
    if not {"train", "test"} <= named:
        return {"left_out": "there are no Training and Test folders"}
    settings = Settings(reduction, classification)
    return refit_and_score(by_folder(all_features), all_copies, settings)


def evaluate_random(
    all_features: DataFrame,
    all_copies: DataFrame | None,
    split: SplitParameters,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
) -> dict[str, Any]:
    """Train and test on a random draw, whatever the folders say; it leaks as folder does."""
    settings = Settings(reduction, classification)
    return refit_and_score(assign_at_random(all_features, split), all_copies, settings)


def evaluate_capture(
    all_features: DataFrame,
    all_copies: DataFrame | None,
    scenes: DataFrame,
    scene_features: DataFrame,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    evaluation: EvaluationParameters,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Leave one capture group out: test on turns of the fruit that the classifier never saw.

    Labels with one group only cannot be tested on another; they train in every fold and are named.

    Returns:
        Scores on the photographs of the groups left out, and on cluttered scenes made of them; both
        as trained with augmented copies and without.
    """
    rows = with_captures(all_features, evaluation.capture_pattern)
    captures = find_captures(rows)
    if len(captures.names) < 2:
        nothing = {"left_out": "the file names tell fewer than two capture groups of one label"}
        return nothing, nothing
    composed = present_copies(scene_features, scenes).cache()
    settings = Settings(reduction, classification)
    ways = {"with": all_copies, "without": None} if _has_rows(all_copies) else {"without": None}
    photographs: dict[str, dict[str, Any]] = {way: {} for way in ways}
    cluttered: dict[str, dict[str, Any]] = {way: {} for way in ways}
    for name, fold in folds_of(rows, captures):
        test = fold.filter("split = 'test'")
        scene_rows = composed.join(test.select("sha256"), "sha256", "left_semi")
        for way, copies in ways.items():
            fitted = refit(fold.filter("split = 'train'"), copies, settings)
            photographs[way][name] = ask(fitted, test)
            cluttered[way][name] = ask(fitted, scene_rows)
            _tell(name, way, photographs[way][name])
    single = {"labels_with_one_group": sorted(captures.single)}
    return _both_ways(photographs) | single, _both_ways(cluttered)


def collect_evaluation(
    folder: dict[str, Any],
    random: dict[str, Any],
    capture: dict[str, Any],
    cluttered: dict[str, Any],
) -> dict[str, Any]:
    """The four answers side by side; capture and cluttered are the ones to believe."""
    return {"folder": folder, "random": random, "capture": capture, "cluttered": cluttered}


def _tell(group: str, way: str, scores: dict[str, Any]) -> None:
    if "accuracy" in scores:
        told = f"accuracy {scores['accuracy']:.4f} on its {scores['test_rows']} photographs"
    else:
        told = scores["left_out"]
    logger.info("Trained without capture group %s, %s copies: %s", group, way, told)


def _has_rows(copies: DataFrame | None) -> bool:
    return copies is not None and not copies.isEmpty()


def _both_ways(folds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The mean over the folds as trained with copies; beside it, without."""
    ways = [{"mean": _mean(of_way), "folds": of_way} for of_way in folds.values()]
    if ways[0]["mean"] is None:
        return {"left_out": "no fold leaves two labels to train on and a photograph to test"}
    return ways[0] | ({"without_copies": ways[1]} if len(ways) > 1 else {})


def _mean(folds: dict[str, Any]) -> float | None:
    accuracies = [fold["accuracy"] for fold in folds.values() if "accuracy" in fold]
    return sum(accuracies) / len(accuracies) if accuracies else None


def _scene_recipe(parameters: EvaluationParameters) -> Recipe:
    """Every scene in front of a photograph, none in a studio, in the light of any kitchen."""
    style = Style(photograph_share=1.0, studio_share=0.0, light=1.0)
    return Recipe(style, parameters.scenes_seed, shipped_backgrounds("held_out").id)
