"""Multinomial logistic regression: fitted where the rows fit, applied to Arrow batches."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.classifier.artefact import Classifier
from fruits_kedro.classifier.softmax import Matrix, Scaling, minimise, softmax
from fruits_kedro.classifier.train_rows import DriverRows, TrainRows, WorkerRows
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.matrices import mebibytes, rows_of
from fruits_kedro.parameters import LogisticRegressionParameters
from fruits_kedro.reducer import Reducer
from fruits_kedro.schemas import CANDIDATES, ddl_of, names_of

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

RANKS = 3
"""Labels told of each row, as ``schemas.CANDIDATES`` names them."""


@dataclass(frozen=True)
class SoftmaxClassifier(Classifier):
    """A fitted multinomial logistic regression.

    Attributes:
        coefficients: ``(labels, k)`` float64.
        intercepts: ``(labels,)`` float64.
    """

    coefficients: Matrix
    intercepts: Matrix

    def probabilities(self, components: npt.NDArray[np.float32]) -> Matrix:
        """``(rows, labels)`` float64 of ``(rows, k)`` float32."""
        logits = self.coefficients @ components.T.astype(np.float64)
        return softmax(logits + self.intercepts[:, np.newaxis]).T


def train_softmax(
    train: DataFrame,
    counts: Mapping[str, int],
    reducer: Reducer,
    parameters: LogisticRegressionParameters,
) -> SoftmaxClassifier:
    """Fit on every row given; the arguments are those of ``train_classifier``."""
    labels = sorted(counts)
    megabytes = mebibytes(sum(counts.values()), reducer.k, np.float64)
    if megabytes <= parameters.driver_megabytes:
        return _fit(DriverRows(train, labels), counts, reducer.id, parameters)
    logger.info(
        "Train rows are %.0f MiB: logistic regression leaves them on the workers", megabytes
    )
    rows = WorkerRows(train, labels)
    try:
        return _fit(rows, counts, reducer.id, parameters)
    finally:
        rows.release()


def _fit(
    rows: TrainRows,
    counts: Mapping[str, int],
    reducer_id: str,
    parameters: LogisticRegressionParameters,
) -> SoftmaxClassifier:
    from threadpoolctl import threadpool_limits

    labels = sorted(counts)
    by_label = np.array([counts[label] for label in labels])
    # Products of so few columns are not worth a second thread: on a busy machine two took 1.1 s
    # where one took 0.45 s. And the number of cores changes no bit then.
    with threadpool_limits(1, user_api="blas"):
        scaling = Scaling.of(rows.statistics(), parameters.reg_param, parameters.standardization)
        weights = minimise(rows.loss(scaling), by_label, scaling, parameters.max_iter)
    return SoftmaxClassifier(tuple(labels), reducer_id, *scaling.undo(weights))


def predict_by_softmax(reduced: DataFrame, classifier: SoftmaxClassifier) -> DataFrame:
    """See ``predict``."""
    others = reduced.drop("components")
    names = others.columns

    def predict_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            components = rows_of(batch.column("components"), classifier.coefficients.shape[1])
            candidates = _candidates(classifier.probabilities(components), classifier.labels)
            columns = {name: batch.column(name) for name in names} | candidates
            yield pa.RecordBatch.from_pydict(columns)

    return reduced.mapInArrow(predict_batches, f"{ddl_of(others)}, {CANDIDATES}")


def rank_labels(probabilities: Matrix) -> npt.NDArray[np.intp]:
    """Positions of the most probable labels, ``(rows, at most RANKS)``; of equals, last first."""
    backwards = np.argsort(-probabilities[:, ::-1], axis=1, kind="stable")[:, :RANKS]
    return probabilities.shape[1] - 1 - backwards


def _candidates(probabilities: Matrix, labels: tuple[str, ...]) -> "dict[str, pa.Array]":
    """Columns of ``schemas.CANDIDATES`` by name."""
    import pyarrow as pa

    rows, names = len(probabilities), pa.array(labels, pa.string())
    ranked = rank_labels(probabilities)
    columns: list[Any] = []
    for positions in ranked.T:
        columns += [names.take(pa.array(positions)), probabilities[np.arange(rows), positions]]
    for _ in range(RANKS - ranked.shape[1]):
        columns += [pa.nulls(rows, pa.string()), pa.nulls(rows, pa.float64())]
    return dict(zip(names_of(CANDIDATES), columns, strict=True))
