"""Rows in an order that depends on nothing but their sha256, so that sums over them do not either.

Floating-point addition is not associative: a sum over rows as they happen to be partitioned differs
in its last bits from run to run.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.storage.heavy_types import DataFrame

if TYPE_CHECKING:
    import pyarrow as pa

BUCKETS = 16
"""Partial sums, by the first digit of sha256: fixed, so that the order of additions, and with it
the last bit of the result, does not depend on how rows are partitioned."""

CHUNK = 1024
"""Rows multiplied at once, counted from the start of a bucket for the same reason."""


def in_buckets(rows: DataFrame, *columns: str) -> DataFrame:
    """Rows partitioned and ordered by bucket and sha256.

    Args:
        rows: Rows with ``sha256``.
        columns: The other columns to keep.
    """
    from pyspark.sql import functions as F

    bucket = F.conv(F.substring("sha256", 1, 1), 16, 10).cast("int")
    # A task costs a fifth of a second before it starts: no more of them than cores.
    tasks = min(BUCKETS, rows.sparkSession.sparkContext.defaultParallelism)
    chosen = rows.select(bucket.alias("bucket"), "sha256", *columns)
    return chosen.repartition(tasks, "bucket").sortWithinPartitions("bucket", "sha256")


def fold_buckets(
    rows: DataFrame, fold: Callable[[Iterator["pa.RecordBatch"]], bytes]
) -> list[bytes]:
    """Let the workers make one value of each bucket, in one job.

    Args:
        rows: As ``in_buckets`` gives them.
        fold: Takes a bucket's rows in order, in chunks of ``CHUNK`` rows and a last one of fewer.

    Returns:
        What ``fold`` gave, in the order of buckets; nothing of buckets without rows.
    """

    def fold_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        pieces = (piece for batch in batches for piece in _split_by_bucket(batch))
        for bucket, group in groupby(pieces, key=lambda piece: piece[0]):
            folded = fold(_rechunk(piece for _, piece in group))
            columns = [pa.array([bucket], pa.int32()), pa.array([folded], pa.binary())]
            yield pa.RecordBatch.from_arrays(columns, ["bucket", "folded"])

    folded = rows.mapInArrow(fold_batches, "bucket int, folded binary").toArrow()
    return folded.sort_by("bucket").column("folded").to_pylist()


def chunks_of_buckets(table: "pa.Table") -> Iterator[Iterator["pa.RecordBatch"]]:
    """The same chunks of rows that are not distributed, bucket by bucket.

    Args:
        table: Rows in the order of their ``sha256``.
    """
    import pyarrow.compute as pc

    digits = pc.utf8_slice_codeunits(table.column("sha256"), 0, 1).to_numpy()
    for start, end in _runs(digits):
        yield _rechunk(table.slice(start, end - start).to_batches())


def _split_by_bucket(batch: "pa.RecordBatch") -> Iterator[tuple[int, "pa.RecordBatch"]]:
    buckets = batch.column("bucket").to_numpy()
    for start, end in _runs(buckets):
        yield int(buckets[start]), batch.slice(start, end - start)


def _runs(values: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of equal values."""
    borders = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1), len(values)]
    return ((start, end) for start, end in pairwise(borders) if end > start)


def _rechunk(pieces: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    count = 0
    for piece in pieces:
        start = 0
        while start < len(piece):
            taken = piece.slice(start, CHUNK - count)
            held.append(taken)
            start += len(taken)
            count += len(taken)
            if count == CHUNK:
                yield pa.concat_batches(held)
                held, count = [], 0
    if held:
        yield pa.concat_batches(held)
