"""From photographs to features, computing only what is not known yet."""

import io
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from fruits_kedro import FruitsError
from fruits_kedro.datasets.models import FindBackbone
from fruits_kedro.model.backbone import Backbone, BackboneSpec, locate_weights
from fruits_kedro.model.conversion import convert
from fruits_kedro.parameters import AugmentationParameters, FeaturizationParameters
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds
from fruits_kedro.photos.augmentation.scene import Recipe
from fruits_kedro.photos.decoding import Pixels, decode
from fruits_kedro.photos.draws import draw
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.pipelines.featurization.missing import (
    featurize_in_slices,
    missing_variants,
    read_contents,
)
from fruits_kedro.storage.schemas import VARIANTS
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

MAX_FILES_NAMED = 1000
"""Most undecodable files that the report names; the features table has all of them."""

SHEET_ROWS, SHEET_COPIES = 12, 7
"""Photographs on the contact sheet, and copies of each."""

_KEPT = pc.field("status") == "kept"
_TRAINS = _KEPT & (pc.field("split") == "train")


def make_backbone(
    photographs: Table,
    images: Table,
    parameters: FeaturizationParameters,
    known_backbones: FindBackbone,
) -> Backbone:
    """Take the shipped network or one that was converted before, or convert it.

    An int8 network is calibrated on train photographs. Raises FruitsError if none of them can be
    decoded, or the weights are missing or are not the network's.
    """
    spec = BackboneSpec.of(parameters)
    known = known_backbones(spec)
    if known is not None:
        return known
    logger.info("Converting %s to LiteRT, once for these weights", parameters.network)
    weights = locate_weights(parameters.weights, parameters.network)
    if parameters.precision == "float32":
        return convert(weights, spec, parameters.network)
    rows = photographs.sample(["path", "sha256"], parameters.calibration_images, _TRAINS)
    decoded = [pixels for _, pixels in _decoded(rows, images, parameters)]
    if not decoded:
        raise FruitsError(
            "No photograph could be decoded to calibrate an int8 network on: check a few of them "
            "by eye, or set featurization.precision=float32."
        )
    return convert(weights, spec, parameters.network, np.stack(decoded))


def choose_variants(
    photographs: Table,
    backbone: Backbone,
    backgrounds: Backgrounds,
    parameters: AugmentationParameters,
) -> pa.Table:
    """Choose the augmented copies of train photographs.

    Every photograph gets its first copy before any gets a second. If a label has more photographs
    than ``augmentation.per_label``, a draw by sha256 and seed decides which get one.

    Returns ``schemas.VARIANTS``, ordered by sha256 and variant.
    """
    train = photographs.read(["sha256", "label"], _TRAINS)
    files = train.to_pandas().assign(draw=draw(train["sha256"], parameters.seed))
    numbered = [files.assign(variant=number) for number in range(1, parameters.copies + 1)]
    every = pd.concat([files.head(0).assign(variant=0), *numbered])
    ordered = every.sort_values(["label", "variant", "draw", "sha256"])
    chosen = ordered[ordered.groupby("label").cumcount() < parameters.per_label]
    fingerprint = _recipe_of(parameters, backgrounds).fingerprint(backbone.fingerprint)
    rows = chosen.sort_values(["sha256", "variant"]).assign(fingerprint=fingerprint)
    return pa.Table.from_pandas(rows[VARIANTS.names], VARIANTS, preserve_index=False)


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
    recipe = _recipe_of(augmentation, backgrounds)
    yield from featurize_in_slices(
        missing_features, images, backbone, recipe, parameters.slice_images
    )


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
    reasons = known.filter(pc.is_valid(known["reason"])).group_by("sha256")
    reasons = reasons.aggregate([("reason", "max")])
    failed = kept.filter(pc.invert(has_features))
    failed = failed.join(reasons, "sha256", join_type="inner").sort_by("path")
    flat = pc.list_flatten(missing_features["variants"])
    report = {
        "fingerprint": backbone.fingerprint,
        "kept": ingestion_report["kept"],
        "features": pc.sum(has_features).as_py() or 0,
        "undecodable": failed.num_rows,
        "undecodable_by_reason": dict(Counter(failed["reason_max"].to_pylist())),
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
    if failed.num_rows:
        first = failed["path"][0]
        logger.warning("%d photographs could not be decoded, such as %s", failed.num_rows, first)
    return report


def draw_augmentation_examples(
    photographs: Table,
    images: Table,
    backgrounds: Backgrounds,
    augmentation: AugmentationParameters,
    featurization: FeaturizationParameters,
) -> bytes:
    """Draw a contact sheet of train photographs and their copies."""
    rows = photographs.read(["label", "path", "sha256"], _TRAINS).to_pandas()
    first = rows.sort_values(["label", "sha256"]).drop_duplicates("label").head(SHEET_ROWS)
    chosen = pa.Table.from_pandas(first, preserve_index=False)
    recipe = _recipe_of(augmentation, backgrounds)
    numbers = range(1, SHEET_COPIES + 1 if augmentation.copies else 1)
    decoded = sorted(_decoded(chosen, images, featurization), key=lambda pair: pair[0]["label"])
    sheet = Image.new("RGB", (114 * (len(numbers) + 1), 114 * max(len(decoded), 1)), "white")
    for y, (row, pixels) in enumerate(decoded):
        copies = (recipe.copy(pixels, row["sha256"], number) for number in numbers)
        for x, tile in enumerate([pixels, *copies]):
            sheet.paste(Image.fromarray(tile).resize((112, 112)), (114 * x, 114 * y))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _decoded(
    rows: pa.Table, images: Table, parameters: FeaturizationParameters
) -> Iterator[tuple[dict[str, Any], Pixels]]:
    """A few photographs with the pixels that the network takes, without those that have none."""
    for row, content in read_contents(rows, images):
        if content is not None:
            pixels = decode(content, parameters.image_size, parameters.scaled_decoding)
            if not isinstance(pixels, Reason):
                yield row, pixels


def _recipe_of(parameters: AugmentationParameters, backgrounds: Backgrounds) -> Recipe:
    values = parameters.model_dump(exclude={"copies", "per_label"})
    return Recipe(**values, backgrounds=backgrounds)
