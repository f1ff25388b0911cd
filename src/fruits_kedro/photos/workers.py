"""Reading and featurizing photographs on Spark's workers: DataFrame in, DataFrame out, lazily."""

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.photos.limits import Limits
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import ddl_of

if TYPE_CHECKING:
    import pyarrow as pa

    from fruits_kedro.photos.batches import Change

FILES_PER_TASK = 1000
BYTES_PER_TASK = 64 << 20
"""A task reads at most so much: small enough to be repeated cheaply, big enough not to matter."""


IMAGES_PER_TASK = 2000
"""A task infers at most so many, about 20 s of work beside 0.2 s that every task costs."""


def in_reading_tasks(files: DataFrame, count: int, size: int) -> DataFrame:
    """Listed files in few, even partitions of consecutive paths, ready to be read.

    Consecutive paths stay together, so that a range of paths is later found without reading the
    rest.

    Args:
        files: Rows with ``path``.
        count: How many they are.
        size: Bytes of all of them.
    """
    tasks = max(math.ceil(count / FILES_PER_TASK), math.ceil(size / BYTES_PER_TASK), 1)
    return files.repartitionByRange(tasks, "path").sortWithinPartitions("path")


def in_inference_tasks(photographs: DataFrame, count: int) -> DataFrame:
    """Photographs in even partitions, a multiple of the cores, ready for the network.

    Parquet comes in partitions of even bytes, and of a range of paths most of them are empty: one
    core would be left with the work of the others.

    Args:
        photographs: Rows with ``sha256``.
        count: How many they are.
    """
    cores = photographs.sparkSession.sparkContext.defaultParallelism
    tasks = cores * max(math.ceil(count / (cores * IMAGES_PER_TASK)), 1)
    return photographs.repartition(tasks, "sha256")


def read_files(files: DataFrame, limits: Limits) -> DataFrame:
    """Read the bytes and headers of listed files, one by one on the workers.

    Args:
        files: Rows with ``path``, ``size`` and any other columns.
        limits: Larger files and photographs are rejected.

    Returns:
        The same rows with sha256, width, height, format, bytes and reason.
    """
    added = "sha256 string, width int, height int, format string, bytes binary, reason string"

    def read_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        from fruits_kedro.photos.batches import read_batch
        from fruits_kedro.photos.isolation import caller_for_task

        with caller_for_task() as call:
            for batch in batches:
                yield from read_batch(batch, limits, call)

    return files.mapInArrow(read_batches, f"{ddl_of(files)}, {added}")


def featurize(
    photographs: DataFrame, backbone: Backbone, change: "Change | None" = None
) -> DataFrame:
    """Compute the features of photographs on the workers.

    Args:
        photographs: Rows with ``bytes`` and any other columns.
        backbone: Sent to every executor once, as a broadcast.
        change: Makes other pixels of those that were decoded, before the network sees them.

    Returns:
        The other columns, ``features`` (1280 float32 or null) and ``reason`` (null or why not).
    """
    model = photographs.sparkSession.sparkContext.broadcast(backbone.model)
    spec = backbone.spec

    def featurize_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        from fruits_kedro.model.backbone.engine import shared_engine
        from fruits_kedro.photos.batches import featurize_batch, unchanged
        from fruits_kedro.photos.isolation import caller_for_task

        engine = shared_engine(model.value)
        with caller_for_task() as call:
            for batch in batches:
                yield featurize_batch(batch, engine, spec, call, change or unchanged)

    kept = ddl_of(photographs.drop("bytes"))
    return photographs.mapInArrow(
        featurize_batches, f"{kept}, features array<float>, reason string"
    )
