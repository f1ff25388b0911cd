"""Sums over rows from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so the rows can stay where they are: the workers multiply
theirs by BLAS and send a few matrices. What fits into the driver's memory is multiplied there,
which starts no Python worker and sends no matrix. Either way the additions have one order, which
only the sha256 of the rows decides, so that the result is the same to the bit.
"""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from fruits_kedro.buckets import chunks_of_buckets, fold_buckets, in_buckets
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.matrices import Matrix, rows_of

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
    megabytes = features.count() * size * np.dtype(np.float32).itemsize / 2**20
    folded = _on_driver(features) if megabytes <= driver_megabytes else _on_workers(features)
    return _unpack(reduce(operator.add, folded), size)


def _on_workers(features: DataFrame) -> Iterator[Matrix]:
    folded = fold_buckets(in_buckets(features, "features"), _fold)
    return (np.frombuffer(packed, "<f8") for packed in folded)


def _on_driver(features: DataFrame) -> Iterator[Matrix]:
    from threadpoolctl import threadpool_limits

    table = features.select("sha256", "features").toArrow().sort_by("sha256")
    # A worker has one thread, and a second one could add in another order.
    with threadpool_limits(1, user_api="blas"):
        for chunks in chunks_of_buckets(table):
            yield np.frombuffer(_fold(chunks), "<f8")


def _fold(chunks: Iterable["pa.RecordBatch"]) -> bytes:
    """The sums as bytes; of the symmetric matrix one half, which halves what the driver holds."""
    rows, total, products = reduce(_add, map(_sums, chunks))
    upper = products[np.triu_indices(len(total))]
    return np.concatenate([[rows], total, upper]).astype("<f8").tobytes()


def _sums(chunk: "pa.RecordBatch") -> tuple[int, Matrix, Matrix]:
    values = rows_of(chunk.column("features")).astype(np.float64)
    return len(values), values.sum(axis=0), values.T @ values


def _add(
    one: tuple[int, Matrix, Matrix], other: tuple[int, Matrix, Matrix]
) -> tuple[int, Matrix, Matrix]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _unpack(values: Matrix, size: int) -> Moments:
    products = np.zeros((size, size))
    products[np.triu_indices(size)] = values[1 + size :]
    products = products + np.triu(products, 1).T
    return Moments(int(values[0]), values[1 : 1 + size].copy(), products)
