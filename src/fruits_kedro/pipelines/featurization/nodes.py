"""From photographs to 1280 features each, computing only what is not known yet."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.datasets.backbone import FindBackbone
from fruits_kedro.model import networks
from fruits_kedro.model.backbone.artefact import QUANTIZATION, Backbone, BackboneSpec
from fruits_kedro.model.backbone.calibration import (
    Pixels,
    calibration_id,
    calibration_pixels,
    no_calibration,
)
from fruits_kedro.model.backbone.conversion import convert
from fruits_kedro.model.backbone.weights import locate_weights, weights_sha256
from fruits_kedro.model.features import ORIGINAL, features_of
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.parameters.kinds import kind_in
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.photos.workers import featurize, in_inference_tasks
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.slices import slices_of

logger = logging.getLogger(__name__)

MAX_FILES_NAMED = 1000
"""Undecodable files named in the report; all of them are in the features table."""


def sample_calibration_pixels(
    photographs: DataFrame,
    images: DataFrame,
    parameters: FeaturizationParameters,
    known_backbones: FindBackbone,
) -> Pixels:
    """Photographs to calibrate an int8 network on, none of the Test folders among them.

    Returns:
        ``(n, size, size, 3)`` uint8; n is 0 where nothing needs calibration.

    Raises:
        FruitsError: Where calibration is needed and no photograph can be decoded.
    """
    size = parameters.image_size
    if parameters.precision == "float32" or known_backbones(_spec(parameters)) is not None:
        return no_calibration(size)
    key = ["path", "size", "modified"]
    kept = photographs.filter("status = 'kept' and coalesce(split, 'train') = 'train'")
    content = images.filter("reason is null").select(*key, "bytes")
    rows = kept.select("sha256", *key).join(content, key)
    pixels = calibration_pixels(
        rows, parameters.calibration_images, size, parameters.scaled_decoding
    )
    if not len(pixels):
        raise FruitsError(
            "No photograph could be decoded to calibrate an int8 network on: check a few of them "
            "by eye, or set featurization.precision=float32."
        )
    return pixels


def make_backbone(
    parameters: FeaturizationParameters, known_backbones: FindBackbone, calibration_pixels: Pixels
) -> Backbone:
    """Convert the pretrained network, or take an earlier conversion of the same weights.

    Raises:
        FruitsError: Where the weights are missing or are not the network's.
    """
    spec = _spec(parameters)
    known = known_backbones(spec)
    if known is not None:
        return known
    weights = locate_weights(parameters.weights, parameters.network)
    logger.info("Converting %s to LiteRT, once (up to a minute)", weights.name)
    calibrated = replace(spec, calibration=calibration_id(calibration_pixels))
    return convert(weights, calibrated, calibration_pixels, parameters.network)


def select_missing_features(
    photographs: DataFrame,
    known_features: DataFrame,
    backbone: Backbone,
    ingestion_report: dict[str, Any],
) -> DataFrame:
    """Kept photographs that this network has never seen.

    Known is (sha256, fingerprint, variant); a failure is known as well.

    Returns:
        sha256, label, split and the key of the image (path, size, modified).
    """
    tried = features_of(known_features, backbone.fingerprint)
    # What could not be read again is tried again: the storage may have been mended since.
    known = tried.filter(~tried.reason.eqNullSafe(Reason.UNREADABLE.value)).select("sha256")
    columns = ["sha256", "path", "size", "modified", "label", "split"]
    kept = photographs.filter("status = 'kept'").select(*columns)
    missing = kept.join(known, "sha256", "left_anti").cache()
    logger.info("%d of %d photographs need features", missing.count(), ingestion_report["kept"])
    return missing


def compute_features(
    missing_features: DataFrame,
    images: DataFrame,
    backbone: Backbone,
    parameters: FeaturizationParameters,
) -> Iterator[DataFrame]:
    """Compute the features that are missing.

    Yields:
        ``schemas.FEATURES``, slice by slice, so that a killed run keeps what it has computed.
    """
    from pyspark.sql import functions as F

    key = ["path", "size", "modified"]
    content = images.filter("reason is null").select(*key, "bytes")
    for piece in slices_of(missing_features, parameters.slice_images):
        rows = piece.of(content).join(F.broadcast(piece.of(missing_features)), key)
        computed = featurize(in_inference_tasks(rows, piece.rows), backbone)
        yield computed.withColumn("fingerprint", F.lit(backbone.fingerprint)).withColumn(
            "variant", F.lit(ORIGINAL)
        )


def report_featurization(
    photographs: DataFrame,
    features: DataFrame,
    missing_features: DataFrame,
    backbone: Backbone,
    ingestion_report: dict[str, Any],
) -> dict[str, Any]:
    """Count kept photographs with features and without, and check that nothing was lost.

    Raises:
        FruitsError: Where the counts do not add up, or no photograph could be decoded.
    """
    from pyspark.sql import functions as F

    kept = photographs.filter("status = 'kept'").select("sha256", "path")
    # A photograph that was tried more than once has features if one try gave them.
    failure = F.expr("if(bool_or(reason is null), null, max(reason))").alias("failure")
    computed = features_of(features, backbone.fingerprint).groupBy("sha256").agg(failure)
    rows = kept.join(computed, "sha256").select("path", "failure")
    counts = {row.failure: row["count"] for row in rows.groupBy("failure").count().collect()}
    with_features = counts.pop(None, 0)
    failed = _failures(rows) if counts else []
    report = {
        "fingerprint": backbone.fingerprint,
        "kept": ingestion_report["kept"],
        "features": with_features,
        "undecodable": sum(counts.values()),
        "undecodable_by_reason": dict(sorted(counts.items())),
        "undecodable_files": failed,
        "inferred": missing_features.count(),
    }
    if report["kept"] != report["features"] + report["undecodable"]:
        raise FruitsError(
            f"{report['kept']} photographs were kept, {report['features']} have features and "
            f"{report['undecodable']} could not be decoded, which does not add up: this is a "
            "defect of the pipeline, please report it with 08_reporting/featurization.json."
        )
    if not with_features:
        raise FruitsError(
            f"None of the {report['kept']} photographs could be decoded: check a few of them by "
            "eye; 08_reporting/ingestion.json says what was listed."
        )
    logger.info("%(features)d photographs have features, %(inferred)d computed in this run", report)
    return report


def _failures(rows: DataFrame) -> list[list[str]]:
    failed = rows.filter("failure is not null").orderBy("path").limit(MAX_FILES_NAMED)
    return [list(row) for row in failed.collect()]


def _spec(parameters: FeaturizationParameters) -> BackboneSpec:
    return BackboneSpec(
        weights_sha256(locate_weights(parameters.weights, parameters.network)),
        parameters.image_size,
        parameters.precision,
        parameters.scaled_decoding,
        architecture=kind_in(networks, parameters.network).ARCHITECTURE,
        quantization=QUANTIZATION[parameters.precision],
    )
