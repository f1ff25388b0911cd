"""Features of augmented copies of train photographs, computing only what is not known yet."""

import io
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.features import features_of
from fruits_kedro.parameters import FeaturizationParameters, SplitParameters
from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds, opened
from fruits_kedro.photos.augmentation.choice import choose_copies
from fruits_kedro.photos.augmentation.foreground import Pixels
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.augmentation.scene import Style
from fruits_kedro.photos.augmentation.workers import copies_in_slices, missing_copies
from fruits_kedro.photos.batches import contents
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.splits import assign_splits
from fruits_kedro.storage.heavy_types import DataFrame

logger = logging.getLogger(__name__)

SHEET_ROWS, SHEET_COPIES = 12, 7
"""Photographs on the contact sheet, and copies of each."""
_TILE, _GAP = 112, 2

_IMAGE_KEY = ["path", "size", "modified"]


def split_photographs(
    photographs: DataFrame, features: DataFrame, backbone: Backbone, parameters: SplitParameters
) -> tuple[DataFrame, dict[str, Any]]:
    """Assign every photograph that has features to train, test or validation.

    Returns:
        ``schemas.SPLITS``; and how the split was made.
    """
    kept = photographs.filter("status = 'kept'").select("path", "label", "split", "sha256")
    computed = features_of(features, backbone.fingerprint).filter("reason is null")
    splits, method = assign_splits(kept.join(computed, "sha256", "left_semi"), parameters)
    return splits, {"method": method, **parameters.model_dump(exclude={"method"})}


def choose_variants(
    splits: DataFrame,
    backbone: Backbone,
    backgrounds: Backgrounds,
    parameters: AugmentationParameters,
) -> DataFrame:
    """Name the copies of train photographs that shall be there.

    Returns:
        ``schemas.VARIANTS``.
    """
    fingerprint = recipe_of(parameters, backgrounds).fingerprint(backbone.fingerprint)
    return choose_copies(splits, parameters, fingerprint)


def select_missing_variants(
    variants: DataFrame, photographs: DataFrame, known_augmented_features: DataFrame
) -> DataFrame:
    """Copies that this network has never seen.

    Returns:
        ``schemas.VARIANTS`` with split and the key of the image (path, size, modified).
    """
    copies = missing_copies(variants, photographs, known_augmented_features)
    logger.info("%d copies of train photographs need features", copies.count())
    return copies


def compute_augmented_features(
    missing_variants: DataFrame,
    known_augmented_features: DataFrame,
    images: DataFrame,
    backbone: Backbone,
    backgrounds: Backgrounds,
    augmentation: AugmentationParameters,
    featurization: FeaturizationParameters,
) -> Iterator[DataFrame]:
    """Compute the features of copies that are missing.

    Yields:
        ``schemas.FEATURES``, slice by slice, so that a killed run keeps what it has computed.
    """
    yield from copies_in_slices(
        missing_variants,
        images,
        backbone,
        recipe_of(augmentation, backgrounds),
        backgrounds,
        featurization.slice_images,
    )
    if known_augmented_features.isEmpty() and missing_variants.isEmpty():
        yield known_augmented_features  # so that there is a table, and later runs know of it


def draw_augmentation_examples(
    splits: DataFrame,
    images: DataFrame,
    photographs: DataFrame,
    backgrounds: Backgrounds,
    augmentation: AugmentationParameters,
    featurization: FeaturizationParameters,
) -> bytes:
    """Draw a contact sheet of train photographs and copies of them.

    Returns:
        A JPEG file.
    """
    from pyspark.sql import functions as F

    first = splits.filter("split = 'train'").groupBy("label").agg(F.min("sha256").alias("sha256"))
    chosen = first.orderBy("label").limit(SHEET_ROWS)
    files = photographs.filter("status = 'kept'").select("sha256", *_IMAGE_KEY)
    content = images.filter("reason is null").select(*_IMAGE_KEY, "bytes")
    rows = content.join(F.broadcast(chosen.join(files, "sha256")), _IMAGE_KEY)
    table = rows.toArrow().sort_by("label")
    recipe, pictures = recipe_of(augmentation, backgrounds), opened(backgrounds.photographs)
    sheet = []
    for sha256, file in zip(table["sha256"].to_pylist(), contents(table), strict=True):
        size, scaled = featurization.image_size, featurization.scaled_decoding
        pixels = decode(file, size, scaled) if isinstance(file, bytes) else None
        if isinstance(pixels, np.ndarray):
            numbers = range(1, SHEET_COPIES + 1 if augmentation.copies else 1)
            copies = [recipe.copy(pixels, sha256, number, pictures) for number in numbers]
            sheet.append([pixels, *copies])
    return _contact_sheet(sheet)


def _contact_sheet(rows: Sequence[Sequence[Pixels]]) -> bytes:
    """Draw photographs beside their copies, one row each, as a JPEG file."""
    step = _TILE + _GAP
    columns = max((len(row) for row in rows), default=1)
    sheet = Image.new("RGB", (columns * step, max(len(rows), 1) * step), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            tile = Image.fromarray(np.asarray(pixels)).resize((_TILE, _TILE))
            sheet.paste(tile, (x * step, y * step))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def recipe_of(parameters: AugmentationParameters, backgrounds: Backgrounds) -> Recipe:
    """How copies are made, as the parameters say."""
    style = Style(parameters.photograph_share, parameters.studio_share, parameters.light)
    return Recipe(style, parameters.seed, backgrounds.id)
