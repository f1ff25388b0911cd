"""Sums over rows from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so the rows can stay where they are: the workers multiply
theirs by BLAS and send a few matrices. What fits into the driver's memory is multiplied there,
which starts no Python worker and sends no matrix. Either way the additions have one order, which
only the sha256 of the rows decides, so that the result is the same to the bit.
"""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial, reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.buckets import chunks_of_buckets, fold_buckets, in_buckets
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.matrices import Matrix, mebibytes, rows_of, to_unit_length

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Moments:
    """Sums over rows, float64.

    Attributes:
        rows: Their number.
        total: ``(n_features,)``, their sum.
        products: ``(n_features, n_features)``, the sum of their outer products.
        unit_length: Whether each row was brought to length 1 before it was added.
    """

    rows: int
    total: Matrix
    products: Matrix
    unit_length: bool

    def __add__(self, other: "Moments") -> "Moments":
        """Sums over the rows of both."""
        total, products = self.total + other.total, self.products + other.products
        return Moments(self.rows + other.rows, total, products, self.unit_length)

    @property
    def covariance(self) -> Matrix:
        """``(n_features, n_features)``, of the population."""
        mean = self.total / self.rows
        return self.products / self.rows - np.outer(mean, mean)

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """``(n_features,)``, features that vary by no more than rounding leaves of a constant."""
        mean = self.total / self.rows
        rounding = 10 * np.finfo(np.float64).eps * self.rows * mean**2
        return np.diag(self.covariance) <= rounding

    @property
    def are_alike(self) -> bool:
        """Whether nothing tells the rows apart."""
        return bool(self.constant.all())


def sum_moments(features: DataFrame, driver_megabytes: int, unit_length: bool) -> Moments | None:
    """Add up the moments of all rows.

    Args:
        features: ``sha256`` and ``features`` (array of float32), one row per photograph.
        driver_megabytes: MiB of features that are collected to the driver; more stay on the
            workers.
        unit_length: Bring each row to length 1 first.

    Returns:
        None where there are no rows.
    """
    first = features.select("features").first()
    if first is None:
        return None
    size = len(first.features)
    fits = mebibytes(features.count(), size, np.float32) <= driver_megabytes
    if fits:
        table = features.select("sha256", "features").toArrow()
        return sum_table_moments(table, unit_length)
    return _unpack(_add_up(_on_workers(features, unit_length)), size, unit_length)


def sum_table_moments(features: "pa.Table", unit_length: bool) -> Moments | None:
    """``sum_moments`` of rows that are on the driver."""
    if not features.num_rows:
        return None
    size = len(features["features"][0])
    return _unpack(_add_up(_on_driver(features, unit_length)), size, unit_length)


def _on_workers(features: DataFrame, unit_length: bool) -> Iterator[Matrix]:
    pack = partial(_pack, unit_length=unit_length)
    folded = fold_buckets(in_buckets(features, "features"), pack)
    return (np.frombuffer(packed, "<f8") for packed in folded)


def _on_driver(features: "pa.Table", unit_length: bool) -> Iterator[Matrix]:
    from threadpoolctl import threadpool_limits

    table = features.select(["sha256", "features"]).sort_by("sha256")
    # A worker has one thread, and a second one could add in another order.
    with threadpool_limits(1, user_api="blas"):
        yield from (_sum(chunks, unit_length) for chunks in chunks_of_buckets(table))


def _add_up(sums: Iterable[Matrix]) -> Matrix:
    return reduce(operator.add, sums)


def _pack(chunks: Iterable["pa.RecordBatch"], unit_length: bool) -> bytes:
    return _sum(chunks, unit_length).astype("<f8").tobytes()


def _sum(chunks: Iterable["pa.RecordBatch"], unit_length: bool) -> Matrix:
    """Rows, total and one half of the symmetric products, which halves what the driver holds."""
    return _add_up(_flat_moments(chunk, unit_length) for chunk in chunks)


def _flat_moments(chunk: "pa.RecordBatch", unit_length: bool) -> Matrix:
    values = rows_of(chunk.column("features")).astype(np.float64)
    if unit_length:
        values = to_unit_length(values)
    upper = (values.T @ values)[_upper_half(values.shape[1])]
    return np.concatenate([[len(values)], values.sum(axis=0), upper])


def _unpack(values: Matrix, size: int, unit_length: bool) -> Moments:
    products = np.zeros((size, size))
    products[_upper_half(size)] = values[1 + size :]
    products = products + np.triu(products, 1).T
    return Moments(int(values[0]), values[1 : 1 + size].copy(), products, unit_length)


@cache
def _upper_half(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Kept, because finding it takes as long as a product of matrices."""
    return np.triu_indices(size)
