"""Sums over rows from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so the rows can stay where they are: the workers multiply
theirs by BLAS and send a few matrices. What fits into the driver's memory is multiplied there,
which starts no Python worker and sends no matrix. Either way the additions have one order, which
only the sha256 of the rows decides, so that the result is the same to the bit.
"""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.buckets import chunks_of_buckets, fold_buckets, in_buckets
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.matrices import Matrix, mebibytes, rows_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Moments:
    """Sums over rows: their number, their sum and the sum of their outer products, float64."""

    rows: int
    total: Matrix
    products: Matrix


def sum_moments(features: DataFrame, driver_megabytes: int) -> Moments | None:
    """Add up the moments of all rows.

    Args:
        features: ``sha256`` and ``features`` (array of float32), one row per photograph.
        driver_megabytes: MiB of features that are collected to the driver; more stay on the
            workers.

    Returns:
        None where there are no rows.
    """
    first = features.select("features").first()
    if first is None:
        return None
    size = len(first.features)
    fits = mebibytes(features.count(), size, np.float32) <= driver_megabytes
    if fits:
        return sum_table_moments(features.select("sha256", "features").toArrow())
    return _unpack(_add_up(_on_workers(features)), size)


def sum_table_moments(features: "pa.Table") -> Moments | None:
    """``sum_moments`` of rows that are on the driver."""
    if not features.num_rows:
        return None
    return _unpack(_add_up(_on_driver(features)), len(features["features"][0]))


def _on_workers(features: DataFrame) -> Iterator[Matrix]:
    folded = fold_buckets(in_buckets(features, "features"), _pack)
    return (np.frombuffer(packed, "<f8") for packed in folded)


def _on_driver(features: "pa.Table") -> Iterator[Matrix]:
    from threadpoolctl import threadpool_limits

    table = features.select(["sha256", "features"]).sort_by("sha256")
    # A worker has one thread, and a second one could add in another order.
    with threadpool_limits(1, user_api="blas"):
        yield from map(_sum, chunks_of_buckets(table))


def _add_up(sums: Iterable[Matrix]) -> Matrix:
    return reduce(operator.add, sums)


def _pack(chunks: Iterable["pa.RecordBatch"]) -> bytes:
    return _sum(chunks).astype("<f8").tobytes()


def _sum(chunks: Iterable["pa.RecordBatch"]) -> Matrix:
    """Rows, total and one half of the symmetric products, which halves what the driver holds."""
    return _add_up(map(_flat_moments, chunks))


def _flat_moments(chunk: "pa.RecordBatch") -> Matrix:
    values = rows_of(chunk.column("features")).astype(np.float64)
    upper = (values.T @ values)[_upper_half(values.shape[1])]
    return np.concatenate([[len(values)], values.sum(axis=0), upper])


def _unpack(values: Matrix, size: int) -> Moments:
    products = np.zeros((size, size))
    products[_upper_half(size)] = values[1 + size :]
    products = products + np.triu(products, 1).T
    return Moments(int(values[0]), values[1 : 1 + size].copy(), products)


@cache
def _upper_half(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Kept, because finding it takes as long as a product of matrices."""
    return np.triu_indices(size)
