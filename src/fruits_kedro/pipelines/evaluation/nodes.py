"""Gathers rows and cluttered scenes for the refits of evaluation, and their results."""

import logging
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import EvaluationParameters, FeaturizationParameters
from fruits_kedro.photos.augmentation.backgrounds import shipped_backgrounds
from fruits_kedro.photos.augmentation.scene import Recipe
from fruits_kedro.photos.draws import draw
from fruits_kedro.pipelines.feature_rows import evenly, kept_photographs, load_rows, locate_features
from fruits_kedro.pipelines.featurization.missing import featurize_in_slices, missing_variants
from fruits_kedro.storage.schemas import VARIANTS
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

KINDS = ("folder", "random", "capture", "cluttered", "own")
"""Ways of holding rows out, in the order of the report."""


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
    return load_rows(features, chosen)


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
    frame = frame[groups > 1]
    draws = draw(pa.array(frame["sha256"], pa.string()), parameters.scenes_seed)
    by_group = (
        frame.assign(draw=draws).sort_values(["draw", "sha256"]).groupby(["label", "capture"])
    )
    chosen = by_group.head(parameters.scenes_per_group)[["sha256"]].sort_values("sha256")
    fingerprint = _scene_recipe(parameters).fingerprint(backbone.fingerprint)
    scenes = chosen.assign(variant=1, fingerprint=fingerprint)
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
    logger.info("%d cluttered scenes need features", missing.num_rows)
    recipe, slices = _scene_recipe(evaluation), featurization.slice_images
    yield from featurize_in_slices(missing, images, backbone, recipe, slices)


def gather_scenes(
    scene_features: Table, scenes: pa.Table, photographs: Table, all_rows: Rows
) -> Rows:
    """Load the features of the cluttered scenes."""
    located = locate_features(scene_features, kept_photographs(photographs), scenes, "")
    return load_rows(scene_features, located).with_labels(all_rows.labels)


def collect_evaluation(*answers: dict[str, Any]) -> dict[str, Any]:
    """Collect the results; believe capture, cluttered and own."""
    return dict(zip(KINDS, answers, strict=True))


def _scene_recipe(parameters: EvaluationParameters) -> Recipe:
    """Scenes in front of a photograph, none in a studio, with the full variation of light."""
    return Recipe(1.0, 0.0, 1.0, parameters.scenes_seed, shipped_backgrounds("held_out"))
