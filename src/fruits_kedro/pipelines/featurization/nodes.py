"""From photographs to features, computing only what is not known yet."""

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from fruits_kedro import FruitsError
from fruits_kedro.datasets.models import FindBackbone
from fruits_kedro.model.backbone import Backbone, BackboneSpec, locate_weights
from fruits_kedro.model.conversion import (
    Pixels,
    calibration_id,
    calibration_pixels,
    convert,
    no_calibration,
)
from fruits_kedro.parameters import AugmentationParameters, FeaturizationParameters
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds, opened
from fruits_kedro.photos.augmentation.recipe import Recipe, choose_copies
from fruits_kedro.photos.augmentation.scene import Style
from fruits_kedro.photos.decoding import decode
from fruits_kedro.pipelines.featurization.missing import (
    featurize_in_slices,
    missing_variants,
    read_contents,
)
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

MAX_FILES_NAMED = 1000
"""Most undecodable files that the report names; the features table has all of them."""

SHEET_ROWS, SHEET_COPIES = 12, 7
"""Photographs on the contact sheet, and copies of each."""

_TILE, _GAP = 112, 2
_KEPT = pc.field("status") == "kept"
_TRAINS = _KEPT & (pc.field("split") == "train")


def choose_calibration_pixels(
    photographs: Table,
    images: Table,
    parameters: FeaturizationParameters,
    known_backbones: FindBackbone,
) -> Pixels:
    """Choose train photographs that calibrate an int8 network; none for a known network.

    Returns ``(n, size, size, 3)`` uint8. Raises FruitsError if none can be decoded.
    """
    size, spec = parameters.image_size, BackboneSpec.of(parameters)
    if parameters.precision == "float32" or known_backbones(spec) is not None:
        return no_calibration(size)
    rows = photographs.sample(["path", "sha256"], parameters.calibration_images, _TRAINS)
    contents = (found for _, found in read_contents(rows, images) if isinstance(found, bytes))
    pixels = calibration_pixels(contents, size, parameters.scaled_decoding)
    if not len(pixels):
        raise FruitsError(
            "No photograph could be decoded to calibrate an int8 network on: check a few of them "
            "by eye, or set featurization.precision=float32."
        )
    return pixels


def make_backbone(
    parameters: FeaturizationParameters, known_backbones: FindBackbone, pixels: Pixels
) -> Backbone:
    """Take the shipped network or one that was converted before, or convert it.

    Raises FruitsError if the weights are missing or are not the network's.
    """
    spec = BackboneSpec.of(parameters)
    known = known_backbones(spec)
    if known is not None:
        return known
    logger.info("Converting %s to LiteRT, once for these weights", parameters.network)
    calibrated = replace(spec, calibration=calibration_id(pixels))
    weights = locate_weights(parameters.weights, parameters.network)
    return convert(weights, calibrated, pixels, parameters.network)


def choose_variants(
    photographs: Table,
    backbone: Backbone,
    backgrounds: Backgrounds,
    parameters: AugmentationParameters,
) -> pa.Table:
    """Choose the augmented copies of train photographs.

    Returns ``schemas.VARIANTS``, ordered by sha256 and variant.
    """
    train = photographs.read(["sha256", "label"], _TRAINS)
    chosen = choose_copies(train, parameters.copies, parameters.per_label, parameters.seed)
    chosen = chosen.sort_by([("sha256", "ascending"), ("variant", "ascending")])
    fingerprint = _recipe_of(parameters, backgrounds).fingerprint(backbone.fingerprint)
    return chosen.append_column("fingerprint", pa.repeat(fingerprint, chosen.num_rows))


def select_missing_features(
    photographs: Table, variants: Table, known_features: Table, backbone: Backbone
) -> pa.Table:
    """Find photographs and copies without features of this network.

    Failed photographs count as known, except unreadable ones, which are tried again.
    """
    missing = missing_variants(photographs, variants.read(), known_features, backbone.fingerprint)
    flat = pc.list_flatten(missing["variants"])
    originals = pc.sum(pc.equal(flat, 0)).as_py() or 0
    logger.info("%d photographs and %d copies need features", originals, len(flat) - originals)
    return missing


def compute_features(
    missing_features: pa.Table,
    images: Table,
    backbone: Backbone,
    backgrounds: Backgrounds,
    augmentation: AugmentationParameters,
    parameters: FeaturizationParameters,
) -> Iterator[Any]:
    """Read, decode and featurize each photograph once, and its copies with it.

    Yields ``schemas.FEATURES`` in slices, so that a killed run keeps what it has computed.
    """
    recipe, size = _recipe_of(augmentation, backgrounds), parameters.slice_images
    yield from featurize_in_slices(missing_features, images, backbone, recipe, backgrounds, size)


def report_featurization(
    photographs: Table,
    features: Table,
    missing_features: pa.Table,
    backbone: Backbone,
    ingestion_report: dict[str, Any],
) -> dict[str, Any]:
    """Count kept photographs with features and without, and check that nothing was lost.

    Raises FruitsError if the counts do not add up, or no photograph could be decoded.
    """
    computed = (pc.field("fingerprint") == backbone.fingerprint) & (pc.field("variant") == 0)
    known = features.read(["sha256", "reason"], computed)
    good = known["sha256"].filter(pc.is_null(known["reason"]))
    kept = photographs.read(["sha256", "path"], _KEPT)
    has_features = pc.is_in(kept["sha256"], good.combine_chunks())
    failed = kept.filter(pc.invert(has_features))
    failed = failed.join(known.group_by("sha256").aggregate([("reason", "max")]), "sha256")
    failed = failed.filter(pc.is_valid(failed["reason_max"])).sort_by("path")
    reasons = pc.value_counts(failed["reason_max"].combine_chunks()).to_pylist()
    flat = pc.list_flatten(missing_features["variants"])
    report = {
        "fingerprint": backbone.fingerprint,
        "kept": ingestion_report["kept"],
        "features": pc.sum(has_features).as_py() or 0,
        "undecodable": failed.num_rows,
        "undecodable_by_reason": {r["values"]: r["counts"] for r in reasons},
        "undecodable_files": [
            [row["path"], row["reason_max"]] for row in failed.slice(0, MAX_FILES_NAMED).to_pylist()
        ],
        "inferred": pc.sum(pc.equal(flat, 0)).as_py() or 0,
        "inferred_copies": pc.sum(pc.greater(flat, 0)).as_py() or 0,
    }
    if report["kept"] != report["features"] + report["undecodable"]:
        raise FruitsError(
            f"{report['kept']} photographs were kept, {report['features']} have features and "
            f"{report['undecodable']} could not be decoded, which does not add up: this is a "
            "defect of the pipeline, please report it with 08_reporting/featurization.json."
        )
    if not report["features"]:
        raise FruitsError(
            f"None of the {report['kept']} photographs could be decoded: check a few of them by "
            "eye; 08_reporting/ingestion.json says what was listed."
        )
    logger.info("%(features)d photographs have features, %(inferred)d computed in this run", report)
    return report


def draw_augmentation_examples(
    photographs: Table,
    images: Table,
    backgrounds: Backgrounds,
    augmentation: AugmentationParameters,
    featurization: FeaturizationParameters,
) -> bytes:
    """Draw a contact sheet of train photographs and their copies."""
    rows = photographs.read(["label", "path", "sha256"], _TRAINS)
    first = rows.sort_by([("label", "ascending"), ("sha256", "ascending")]).group_by(
        "label", use_threads=False
    )
    chosen = first.aggregate([("sha256", "first"), ("path", "first")]).slice(0, SHEET_ROWS)
    chosen = chosen.rename_columns(["label", "sha256", "path"])
    recipe, pictures = _recipe_of(augmentation, backgrounds), opened(backgrounds.photographs)
    size, scaled = featurization.image_size, featurization.scaled_decoding
    sheet = []
    for row, content in sorted(read_contents(chosen, images), key=lambda pair: pair[0]["label"]):
        pixels = decode(content, size, scaled) if isinstance(content, bytes) else None
        if isinstance(pixels, np.ndarray):
            numbers = range(1, SHEET_COPIES + 1 if augmentation.copies else 1)
            copies = [recipe.copy(pixels, row["sha256"], n, pictures) for n in numbers]
            sheet.append([pixels, *copies])
    return _contact_sheet(sheet)


def _recipe_of(parameters: AugmentationParameters, backgrounds: Backgrounds) -> Recipe:
    style = Style(parameters.photograph_share, parameters.studio_share, parameters.light)
    return Recipe(style, parameters.seed, backgrounds.id)


def _contact_sheet(rows: list[list[Any]]) -> bytes:
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
