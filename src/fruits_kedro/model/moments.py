"""Sums over rows from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so the rows can stay where they are: the workers multiply
theirs by BLAS and send a few matrices. What fits into the driver's memory is multiplied there,
which starts no Python worker and sends no matrix. Either way the additions have one order, which
only the sha256 of the rows decides, so that the result is the same to the bit.
"""

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.buckets import CHUNK, chunks_of_buckets, fold_buckets, in_buckets
from fruits_kedro.model.matrices import Matrix, mebibytes, rows_of, to_unit_length
from fruits_kedro.storage.heavy_types import DataFrame

if TYPE_CHECKING:
    import pyarrow as pa


TOGETHER = ("",)
"""In place of labels: the rows of all are summed together."""


@dataclass(frozen=True)
class Moments:
    """Sums over rows, float64.

    Attributes:
        labels: Whose rows are summed apart, or ``TOGETHER``.
        counts: ``(labels,)``, rows of each label.
        totals: ``(labels, n_features)``, the sum of these.
        products: ``(n_features, n_features)``, the sum of the outer products of all rows.
        unit_length: Whether each row was brought to length 1 before it was added.
    """

    labels: tuple[str, ...]
    counts: Matrix
    totals: Matrix
    products: Matrix
    unit_length: bool

    def __add__(self, other: "Moments") -> "Moments":
        """Sums over the rows of both, which know the same labels."""
        return Moments(
            self.labels,
            self.counts + other.counts,
            self.totals + other.totals,
            self.products + other.products,
            self.unit_length,
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    @property
    def total(self) -> Matrix:
        """``(n_features,)``, the sum of all rows."""
        total: Matrix = self.totals.sum(axis=0)
        return total

    @property
    def covariance(self) -> Matrix:
        """``(n_features, n_features)``, of the population."""
        mean = self.total / self.rows
        return self.products / self.rows - np.outer(mean, mean)

    @property
    def within_labels(self) -> Matrix:
        """``(n_features, n_features)``, the covariance of rows about the mean of their label."""
        means = self.totals / np.sqrt(np.maximum(self.counts, 1.0))[:, np.newaxis]
        return (self.products - means.T @ means) / self.rows

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


def sum_moments(
    features: DataFrame, driver_megabytes: int, unit_length: bool, labels: Sequence[str] = TOGETHER
) -> Moments | None:
    """Add up the moments of all rows.

    Args:
        features: ``sha256``, ``features`` (array of float32) and, where ``labels`` are given,
            ``label``, which is one of them; one row per photograph.
        driver_megabytes: MiB of features that are collected to the driver; more stay on the
            workers.
        unit_length: Bring each row to length 1 first.
        labels: Whose rows are summed apart.

    Returns:
        None where there are no rows.
    """
    first = features.select("features").first()
    if first is None:
        return None
    adder = _Adder(tuple(labels), unit_length)
    if mebibytes(features.count(), len(first.features), np.float32) <= driver_megabytes:
        return adder.unpack(_add_up(_on_driver(features.select(adder.columns).toArrow(), adder)))
    return adder.unpack(_add_up(_on_workers(features, adder)))


def sum_table_moments(
    features: "pa.Table", unit_length: bool, labels: Sequence[str] = TOGETHER
) -> Moments | None:
    """``sum_moments`` of rows that are on the driver."""
    if not features.num_rows:
        return None
    adder = _Adder(tuple(labels), unit_length)
    return adder.unpack(_add_up(_on_driver(features, adder)))


def sum_matrix_moments(
    features: npt.NDArray[np.float32],
    unit_length: bool,
    labels: Sequence[str],
    targets: npt.NDArray[np.int64],
) -> Moments:
    """``sum_moments`` of rows in memory.

    Args:
        features: ``(rows, n_features)`` float32, at least one row.
        unit_length: Bring each row to length 1 first.
        labels: Whose rows are summed apart.
        targets: ``(rows,)``, positions in ``labels``.
    """
    from threadpoolctl import threadpool_limits

    adder = _Adder(tuple(labels), unit_length)
    with threadpool_limits(1, user_api="blas"):
        chunks = (slice(start, start + CHUNK) for start in range(0, len(features), CHUNK))
        return adder.unpack(_add_up(adder.flat(features[c], targets[c]) for c in chunks))


@dataclass(frozen=True)
class _Adder:
    """How chunks of rows become sums that travel as one array, and moments again."""

    labels: tuple[str, ...]
    unit_length: bool

    @property
    def columns(self) -> list[str]:
        return ["sha256", "features", *([] if self.labels == TOGETHER else ["label"])]

    def add(self, chunks: Iterable["pa.RecordBatch"]) -> Matrix:
        """Counts, totals and one half of the symmetric products: that halves what is held."""
        return _add_up(self.flat(rows_of(c.column("features")), self._places(c)) for c in chunks)

    def pack(self, chunks: Iterable["pa.RecordBatch"]) -> bytes:
        return self.add(chunks).astype("<f8").tobytes()

    def unpack(self, values: Matrix) -> Moments:
        count = len(self.labels)
        size = _size_of(len(values), count)
        counts, totals, upper = np.split(values, [count, count * (1 + size)])
        products = np.zeros((size, size))
        products[_upper_half(size)] = upper
        products = products + np.triu(products, 1).T
        totals = totals.reshape(count, size)
        return Moments(self.labels, counts.copy(), totals.copy(), products, self.unit_length)

    def flat(self, features: npt.NDArray[np.float32], places: npt.NDArray[np.int64]) -> Matrix:
        """The sums of a few rows, whose labels are at these places, as one array."""
        values = features.astype(np.float64)
        if self.unit_length:
            values = to_unit_length(values)
        members = np.equal.outer(np.arange(len(self.labels)), places).astype(np.float64)
        upper = (values.T @ values)[_upper_half(values.shape[1])]
        return np.concatenate([members.sum(axis=1), (members @ values).ravel(), upper])

    def _places(self, chunk: "pa.RecordBatch") -> npt.NDArray[np.int64]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.labels == TOGETHER:
            return np.zeros(len(chunk), np.int64)
        known = pa.array(self.labels, pa.string())
        found: npt.NDArray[np.int64] = pc.index_in(chunk.column("label"), value_set=known).to_numpy(
            zero_copy_only=False
        )
        return found


def _on_workers(features: DataFrame, adder: _Adder) -> Iterator[Matrix]:
    _, *columns = adder.columns
    folded = fold_buckets(in_buckets(features, *columns), adder.pack)
    return (np.frombuffer(packed, "<f8") for packed in folded)


def _on_driver(features: "pa.Table", adder: _Adder) -> Iterator[Matrix]:
    from threadpoolctl import threadpool_limits

    table = features.select(adder.columns).sort_by("sha256")
    # A worker has one thread, and a second one could add in another order.
    with threadpool_limits(1, user_api="blas"):
        yield from (adder.add(chunks) for chunks in chunks_of_buckets(table))


def _add_up(sums: Iterable[Matrix]) -> Matrix:
    return reduce(operator.add, sums)


def _size_of(numbers: int, labels: int) -> int:
    """The features of rows whose sums are so many numbers."""
    # numbers = labels + labels * size + size * (size + 1) / 2
    linear = 2 * labels + 1
    return (isqrt(linear**2 + 8 * (numbers - labels)) - linear) // 2


@cache
def _upper_half(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Kept, because finding it takes as long as a product of matrices."""
    return np.triu_indices(size)
