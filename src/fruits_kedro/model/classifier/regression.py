"""Multinomial logistic regression: fitted where the rows fit, applied to Arrow batches."""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.classifier.calibration import UNCALIBRATED, Calibration
from fruits_kedro.model.classifier.softmax import Matrix, Scaling, minimise, softmax
from fruits_kedro.model.classifier.train_rows import DriverRows, TrainRows, WorkerRows
from fruits_kedro.model.matrices import mebibytes, rows_of
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import LogisticRegressionParameters
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import CANDIDATES, DOUBTS, PREDICTED, ddl_of, names_of

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
        calibration: How far its probabilities can be believed.
    """

    coefficients: Matrix
    intercepts: Matrix
    calibration: Calibration = UNCALIBRATED

    @property
    def id(self) -> str:
        """16 hexadecimal digits that change with any number in it."""
        digest = hashlib.sha256(json.dumps([self.labels, self.reducer_id]).encode())
        for array in (self.coefficients, self.intercepts):
            digest.update(np.ascontiguousarray(array, "<f8").tobytes())
        digest.update(self.calibration.digest())
        return digest.hexdigest()[:16]

    def probabilities(self, components: npt.NDArray[np.floating]) -> Matrix:
        """``(rows, labels)`` float64, calibrated, of ``(rows, k)``."""
        return softmax(self.logits(components).T / self.calibration.temperature).T

    def logits(self, components: npt.NDArray[np.floating]) -> Matrix:
        """``(rows, labels)`` float64, before calibration and softmax, of ``(rows, k)``."""
        return (self.coefficients @ components.T.astype(np.float64)).T + self.intercepts


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
        return fit_softmax(DriverRows.collect(train, labels), counts, reducer.id, parameters)
    logger.info(
        "Train rows are %.0f MiB: logistic regression leaves them on the workers", megabytes
    )
    rows = WorkerRows(train, labels)
    try:
        return fit_softmax(rows, counts, reducer.id, parameters)
    finally:
        rows.release()


def fit_softmax(
    rows: TrainRows,
    counts: Mapping[str, int],
    reducer_id: str,
    parameters: LogisticRegressionParameters,
) -> SoftmaxClassifier:
    """Fit on rows that know their labels as positions among the sorted ones of ``counts``."""
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
            probabilities = classifier.probabilities(components)
            columns = {name: batch.column(name) for name in names}
            columns |= candidate_columns(probabilities, classifier.labels)
            columns |= _doubts(probabilities, components, classifier)
            yield pa.RecordBatch.from_pydict(columns)

    return reduced.mapInArrow(predict_batches, f"{ddl_of(others)}, {PREDICTED}")


def rank_labels(probabilities: Matrix) -> npt.NDArray[np.intp]:
    """Positions of the most probable labels, ``(rows, at most RANKS)``; of equals, last first."""
    backwards = np.argsort(-probabilities[:, ::-1], axis=1, kind="stable")[:, :RANKS]
    return probabilities.shape[1] - 1 - backwards


def candidate_columns(probabilities: Matrix, labels: tuple[str, ...]) -> "dict[str, pa.Array]":
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


def _doubts(
    probabilities: Matrix, components: npt.NDArray[np.float32], classifier: SoftmaxClassifier
) -> "dict[str, pa.Array]":
    confidence, outliers = probabilities.max(axis=1), classifier.calibration.outliers
    sure_from = classifier.calibration.sure_from
    if outliers is None:
        return doubt_columns(confidence, np.zeros(len(confidence)), sure_from, None)
    scores = outliers.scores(classifier.logits(components))
    return doubt_columns(confidence, scores, sure_from, outliers.beyond)


def doubt_columns(
    confidence: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    sure_from: float | None,
    outlier_beyond: float | None,
) -> "dict[str, pa.Array]":
    """Columns of ``schemas.DOUBTS`` by name; null where nothing was chosen to go by.

    Args:
        confidence: ``(rows,)``, the largest probability of each row.
        scores: ``(rows,)``, of ``Outliers``.
        sure_from: See ``Calibration``.
        outlier_beyond: ``Outliers.beyond``.
    """
    import pyarrow as pa

    rows = len(confidence)
    unknown = [pa.nulls(rows, pa.bool_()), pa.nulls(rows, pa.float64()), pa.nulls(rows, pa.bool_())]
    columns = dict(zip(names_of(DOUBTS), unknown, strict=True))
    if sure_from is not None:
        columns["sure"] = pa.array(confidence >= sure_from)
    if outlier_beyond is not None:
        columns["outlier_score"] = pa.array(scores.astype(np.float64))
        columns["outlier"] = pa.array(scores > outlier_beyond)
    return columns
