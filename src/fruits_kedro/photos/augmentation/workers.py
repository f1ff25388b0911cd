"""Features of copies, made on Spark's workers between decoding and the network."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fruits_kedro.cluster.progress import expect
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds, opened
from fruits_kedro.photos.augmentation.foreground import Pixels
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.photos.workers import featurize, in_inference_tasks
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.slices import slices_of

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

_IMAGE_KEY = ["path", "size", "modified"]


def missing_copies(wanted: DataFrame, photographs: DataFrame, known: DataFrame) -> DataFrame:
    """Copies that this network has never seen.

    Known is (sha256, fingerprint, variant); a failure is known as well.

    Args:
        wanted: ``schemas.VARIANTS``.
        photographs: ``schemas.PHOTOGRAPHS``.
        known: ``schemas.FEATURES`` of copies.

    Returns:
        ``schemas.VARIANTS`` with split, size and modified, kept in memory.
    """
    # What could not be read again is tried again: the storage may have been mended since.
    tried = known.filter(~known.reason.eqNullSafe(Reason.UNREADABLE.value))
    missing = wanted.join(tried, ["sha256", "fingerprint", "variant"], "left_anti")
    files = photographs.filter("status = 'kept'").select(*_IMAGE_KEY, "split")
    return missing.join(files, "path").cache()


def copies_in_slices(
    missing: DataFrame,
    images: DataFrame,
    backbone: Backbone,
    recipe: Recipe,
    backgrounds: Backgrounds,
    slice_copies: int,
) -> Iterator[DataFrame]:
    """Compute the features of copies.

    Args:
        missing: As ``missing_copies`` gives them.
        images: ``schemas.IMAGES``.
        backbone: The network.
        recipe: How a copy is made.
        backgrounds: The photographs that the recipe names.
        slice_copies: Copies to compute at once, at least those of one photograph.

    Yields:
        ``schemas.FEATURES``, slice by slice, so that a killed run keeps what it has computed.
    """
    from pyspark.sql import functions as F

    content = images.filter("reason is null").select(*_IMAGE_KEY, "bytes")
    counts = missing.groupBy(*_IMAGE_KEY).agg(F.count(F.lit(1)).alias("copies")).cache()
    found = counts.agg(F.max("copies"), F.sum("copies")).first()
    each, total = (found[0] or 1, found[1] or 0) if found else (1, 0)
    for piece in slices_of(counts, max(slice_copies // each, 1)):
        expect(total)
        rows = piece.of(content).join(F.broadcast(piece.of(missing)), _IMAGE_KEY)
        tasks = in_inference_tasks(rows, piece.rows * each)
        yield featurize_copies(tasks, backbone, recipe, backgrounds)


def featurize_copies(
    copies: DataFrame, backbone: Backbone, recipe: Recipe, backgrounds: Backgrounds
) -> DataFrame:
    """Compute the features of copies, lazily.

    Args:
        copies: Rows with ``sha256``, ``variant`` and the photograph's ``bytes``, and any others.
        backbone, backgrounds: Sent to every executor once, as broadcasts.
        recipe: How a copy is made.

    Returns:
        As ``photos.workers.featurize``.
    """
    shared = copies.sparkSession.sparkContext.broadcast(backgrounds.photographs)

    def copy_of(pixels: Pixels, batch: "pa.RecordBatch", row: int) -> Pixels:
        sha256, variant = (batch.column(name)[row].as_py() for name in ("sha256", "variant"))
        return recipe.copy(pixels, sha256, variant, opened(shared.value))

    return featurize(copies, backbone, copy_of)
