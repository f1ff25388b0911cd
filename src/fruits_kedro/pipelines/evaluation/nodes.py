"""Measures accuracy by refits on stored features, for several ways of holding rows out."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.model import evaluating
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import (
    ClassificationParameters,
    EvaluationParameters,
    FeaturizationParameters,
    OwnParameters,
    ReductionParameters,
    SplitParameters,
)
from fruits_kedro.photos.augmentation.backgrounds import shipped_backgrounds
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.augmentation.scene import Style
from fruits_kedro.photos.draws import draw
from fruits_kedro.photos.splits import assign_splits
from fruits_kedro.pipelines.feature_rows import (
    evenly,
    kept_photographs,
    load_rows,
    locate_features,
)
from fruits_kedro.pipelines.featurization.missing import featurize_in_slices, missing_variants
from fruits_kedro.storage.schemas import FEATURES, VARIANTS
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)


def gather_rows(
    features: Table,
    photographs: Table,
    variants: Table,
    backbone: Backbone,
    parameters: EvaluationParameters,
) -> Rows:
    """Load the features of kept photographs and their copies for the refits."""
    kept = kept_photographs(photographs)
    located = locate_features(features, kept, variants.read(), backbone.fingerprint)
    chosen = evenly(located, parameters.rows, "evaluation.rows")
    return load_rows(features, chosen, sorted(chosen["label"].unique().to_pylist()))


def choose_scenes(
    photographs: Table, backbone: Backbone, parameters: EvaluationParameters
) -> pa.Table:
    """Choose photographs for cluttered scenes, of every capture group that can be held out.

    Returns:
        ``schemas.VARIANTS``.
    """
    known = (pc.field("status") == "kept") & pc.field("capture").is_valid()
    known &= pc.field("source") == "images"
    frame = photographs.read(["sha256", "label", "capture"], known).to_pandas()
    groups = frame.groupby("label")["capture"].transform("nunique")
    frame = frame[groups > 1].copy()
    frame["draw"] = draw(pa.array(frame["sha256"], pa.string()), parameters.scenes_seed)
    frame = frame.sort_values(["draw", "sha256"])
    rank = frame.groupby(["label", "capture"]).cumcount()
    chosen = frame.loc[rank < parameters.scenes_per_group, "sha256"].sort_values()
    fingerprint = _scene_recipe(parameters).fingerprint(backbone.fingerprint)
    scenes = pd.DataFrame({"sha256": chosen, "variant": 1, "fingerprint": fingerprint})
    return pa.Table.from_pandas(scenes, VARIANTS, preserve_index=False)


def compute_scene_features(
    scenes: pa.Table,
    photographs: Table,
    images: Table,
    known_scene_features: Table,
    backbone: Backbone,
    featurization: FeaturizationParameters,
    evaluation: EvaluationParameters,
) -> Iterator[Any]:
    """Compose and featurize new scenes, on backgrounds that never trained.

    Yields:
        ``schemas.FEATURES``, slice by slice.
    """
    missing = missing_variants(photographs, scenes, known_scene_features, None)
    recipe, backgrounds = _scene_recipe(evaluation), shipped_backgrounds("held_out")
    logger.info("%d cluttered scenes need features", missing.num_rows)
    slices = featurization.slice_images
    yield from featurize_in_slices(missing, images, backbone, recipe, backgrounds, slices)
    if not missing.num_rows:
        yield FEATURES.empty_table()


def gather_scenes(
    scene_features: Table, scenes: pa.Table, photographs: Table, all_rows: Rows
) -> Rows:
    """Load the features of the cluttered scenes."""
    kept = kept_photographs(photographs)
    kept = kept.filter(pc.is_in(kept["label"], pa.array(all_rows.labels, pa.string())))
    located = locate_features(scene_features, kept, scenes, "")
    return load_rows(scene_features, located, all_rows.labels)


def evaluate_folder(
    all_rows: Rows,
    split_report: dict[str, Any],
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Train on the Training folders, test on the Test folders.

    Turntable photographs leak here: frames next to a test frame are in the train folder.
    """
    if split_report["method"] != "folder":
        return {"left_out": "there are no Training and Test folders"}
    settings = evaluating.Settings(reduction, classification, own)
    return evaluating.evaluate_split(all_rows, settings)


def evaluate_random(
    all_rows: Rows,
    split: SplitParameters,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Train and test on a random draw; it leaks like the folders."""
    settings = evaluating.Settings(reduction, classification, own)
    return evaluating.evaluate_split(_drawn(all_rows.where(~all_rows.own), split), settings)


def _drawn(rows: Rows, split: SplitParameters) -> Rows:
    """Rows with a random split; copies have the split of their photograph."""
    photographs = rows.where(rows.photographs)
    table = pa.table(
        {
            "sha256": pa.array(photographs.sha256.tolist(), pa.string()),
            "label": pa.array([rows.labels[n] for n in photographs.targets], pa.string()),
            "split": pa.nulls(len(photographs), pa.string()),
        }
    )
    drawn, _ = assign_splits(table, split.model_copy(update={"method": "random"}))
    tests = np.zeros(len(rows), np.bool_)
    tests[np.flatnonzero(rows.photographs)[np.asarray(drawn.to_pylist(), np.str_) == "test"]] = True
    return replace(rows, split=np.where(rows.with_copies(tests), "test", "train"))


def evaluate_capture(
    all_rows: Rows,
    all_scenes: Rows,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hold one capture group out: test on turns of the fruit that the classifier never saw.

    Labels with one group only cannot be tested on another; they train in every fold and are named.

    Returns:
        Scores on the photographs of the groups held out, and on cluttered scenes made of them;
        both as trained with augmented copies and without.
    """
    settings = evaluating.Settings(reduction, classification, own)
    return evaluating.evaluate_capture(all_rows, all_scenes, settings)


def evaluate_own(
    all_rows: Rows,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Measure the accuracy on own photographs by place, and how it grows with their number."""
    may_train = (all_rows.split == "train") | all_rows.own
    settings = evaluating.Settings(reduction, classification, own)
    return evaluating.evaluate_own(all_rows.where(may_train), settings)


def collect_evaluation(
    folder: dict[str, Any],
    random: dict[str, Any],
    capture: dict[str, Any],
    cluttered: dict[str, Any],
    own: dict[str, Any],
) -> dict[str, Any]:
    """Collect the results; believe capture, cluttered and own."""
    answers = {"folder": folder, "random": random, "capture": capture, "cluttered": cluttered}
    return {**answers, "own": own}


def _scene_recipe(parameters: EvaluationParameters) -> Recipe:
    """Scenes in front of a photograph, none in a studio, with the full variation of light."""
    style = Style(photograph_share=1.0, studio_share=0.0, light=1.0)
    return Recipe(style, parameters.scenes_seed, shipped_backgrounds("held_out").id)
