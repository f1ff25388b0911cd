"""The rows a logistic regression is fitted on: in the driver's memory, or on the workers."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fruits_kedro.model.buckets import CHUNK, fold_buckets, in_buckets
from fruits_kedro.model.classifier.softmax import (
    Loss,
    Matrix,
    Scaling,
    Statistics,
    Targets,
    cross_entropy,
)
from fruits_kedro.model.matrices import rows_of
from fruits_kedro.storage.heavy_types import DataFrame

if TYPE_CHECKING:
    import pyarrow as pa


class TrainRows(Protocol):
    """Rows that sums are taken over, in an order that only their sha256 decides."""

    def statistics(self) -> Statistics:
        """What scaling needs to know of the components."""

    def loss(self, scaling: Scaling) -> Loss:
        """Their cross-entropy; ``scaling`` is applied once, so this is called once."""


class DriverRows:
    """Rows on the driver: an evaluation is two products of matrices.

    Args:
        components: ``(rows, k)`` float64; scaled in place.
        targets: ``(rows,)``, position of each row's label.
    """

    def __init__(self, components: Matrix, targets: Targets) -> None:
        self._components = components
        self._targets = targets

    @classmethod
    def collect(cls, train: DataFrame, labels: Sequence[str]) -> "DriverRows":
        """Of ``sha256``, ``label`` and ``components``; labels in the order of probabilities."""
        table = train.select("sha256", "label", "components").toArrow().sort_by("sha256")
        values = [rows_of(chunk) for chunk in table.column("components").chunks if len(chunk)]
        components: Matrix = np.concatenate(values, dtype=np.float64)
        return cls(components, _targets(table.column("label"), labels))

    def statistics(self) -> Statistics:
        """See ``TrainRows``."""
        return reduce(operator.add, map(Statistics.of, _blocks(self._components)))

    def loss(self, scaling: Scaling) -> Loss:
        """See ``TrainRows``."""
        scaled = scaling.apply(self._components)
        blocks = list(zip(_blocks(scaled), _blocks(self._targets), strict=True))
        return partial(_sum_cross_entropy, blocks)


class WorkerRows:
    """Rows that stay on the workers, cached: an evaluation is one Spark job.

    Args:
        train: ``sha256``, ``label`` and ``components``.
        labels: The labels in the order of probabilities.
    """

    def __init__(self, train: DataFrame, labels: Sequence[str]) -> None:
        from pyspark.storagelevel import StorageLevel

        rows = in_buckets(train, "label", "components")
        self._rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        self._labels = tuple(labels)

    def statistics(self) -> Statistics:
        """See ``TrainRows``."""
        folded = fold_buckets(self._rows, _fold_statistics)
        return reduce(operator.add, map(_unpack_statistics, folded))

    def loss(self, scaling: Scaling) -> Loss:
        """See ``TrainRows``."""

        def evaluate(weights: Matrix) -> tuple[float, Matrix]:
            fold = partial(
                _fold_cross_entropy, labels=self._labels, scaling=scaling, weights=weights
            )
            folded = fold_buckets(self._rows, fold)
            sums = np.sum([np.frombuffer(values) for values in folded], axis=0)
            return float(sums[0]), sums[1:].reshape(weights.shape)

        return evaluate

    def release(self) -> None:
        """Give the workers' memory back."""
        self._rows.unpersist()


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in pieces: beside a whole matrix its logits may not fit."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _sum_cross_entropy(
    blocks: Iterable[tuple[Matrix, Targets]], weights: Matrix
) -> tuple[float, Matrix]:
    total, gradient = 0.0, np.zeros_like(weights)
    for scaled, targets in blocks:
        loss, slope = cross_entropy(scaled, targets, weights)
        total += loss
        gradient += slope
    return total, gradient


def _targets(column: "pa.Array | pa.ChunkedArray", labels: Sequence[str]) -> Targets:
    import pyarrow as pa
    import pyarrow.compute as pc

    positions = pc.index_in(column, value_set=pa.array(labels, column.type))
    return positions.to_numpy().astype(np.int64)


def _fold_statistics(chunks: Iterator["pa.RecordBatch"]) -> bytes:
    statistics = reduce(operator.add, (Statistics.of(_components(chunk)) for chunk in chunks))
    arrays = statistics.mean, statistics.squares, statistics.low, statistics.high
    return np.concatenate([[statistics.rows], *arrays]).tobytes()


def _unpack_statistics(packed: bytes) -> Statistics:
    values = np.frombuffer(packed)
    return Statistics(int(values[0]), *np.split(values[1:], 4))


def _fold_cross_entropy(
    chunks: Iterator["pa.RecordBatch"], labels: Sequence[str], scaling: Scaling, weights: Matrix
) -> bytes:
    blocks = (
        (scaling.apply(_components(chunk)), _targets(chunk.column("label"), labels))
        for chunk in chunks
    )
    loss, gradient = _sum_cross_entropy(blocks, weights)
    return np.concatenate([[loss], gradient.ravel()]).tobytes()


def _components(chunk: "pa.RecordBatch") -> Matrix:
    return rows_of(chunk.column("components")).astype(np.float64)
