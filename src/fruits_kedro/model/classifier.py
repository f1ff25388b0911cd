"""Base of all trained classifiers: labels, probabilities, and storage without pickle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro import FruitsError
from fruits_kedro.model.confidence import UNCALIBRATED, Calibration, Outliers
from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, softmax
from fruits_kedro.parameters import ClassificationParameters
from fruits_kedro.parameters.kinds import CLASSIFIERS, kind_in, names_in

if TYPE_CHECKING:
    import pyarrow as pa

RANKS = (
    ("prediction", "probability"),
    ("second", "second_probability"),
    ("third", "third_probability"),
)
"""Columns of the three most probable labels."""

_ABOUT, _WHITENING, _MEANS = "about", "outlier_whitening", "outlier_means"


@dataclass(frozen=True)
class Classifier:
    """A trained classifier. Each kind adds numpy arrays as attributes."""

    labels: tuple[str, ...]  # in the order of the probabilities
    reducer_id: str  # Reducer.id of the reducer whose components it takes
    calibration: Calibration = field(default=UNCALIBRATED, kw_only=True)

    @property
    def kind(self) -> str:
        """Name of the kind's module in ``classifiers``."""
        return type(self).__module__.rsplit(".", 1)[-1]

    @property
    def id(self) -> str:
        """16 hexadecimal digits that change with any number in it."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays().items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def logits(self, components: npt.NDArray[np.floating]) -> Matrix | None:
        """``(n, labels)`` float64 before calibration and softmax, of ``(n, k)``.

        None for kinds without logits, which cannot be calibrated.
        """
        return None

    def probabilities(self, components: npt.NDArray[np.floating]) -> Matrix:
        """``(n, labels)`` float64, calibrated, of ``(n, k)``."""
        logits = self.logits(components)
        if logits is None:
            raise NotImplementedError(f"{self.kind} has neither logits nor probabilities")
        return softmax(logits / self.calibration.temperature)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers as arrays for ``np.savez``, none of objects."""
        calibration, outliers = self.calibration, self.calibration.outliers
        about = {
            "kind": self.kind,
            "labels": self.labels,
            "reducer_id": self.reducer_id,
            "temperature": calibration.temperature,
            "sure_from": calibration.sure_from,
            "outlier_beyond": outliers.beyond if outliers else None,
            "holds_for": calibration.holds_for,
        }
        arrays: dict[str, npt.NDArray[Any]]
        arrays = {_ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
        if outliers:
            arrays |= {_WHITENING: outliers.whitening, _MEANS: outliers.means}
        return arrays | {name: getattr(self, name) for name in _own_arrays(type(self))}


@dataclass(frozen=True)
class LinearClassifier(Classifier):
    """A classifier whose logits are linear in the components; it can be folded for a phone."""

    coefficients: Matrix  # (labels, k)
    intercepts: Matrix  # (labels,)

    def logits(self, components: npt.NDArray[np.floating]) -> Matrix:
        """``(n, labels)`` float64, before calibration and softmax, of ``(n, k)``."""
        return components.astype(np.float64) @ self.coefficients.T + self.intercepts


def fit_classifier(
    components: npt.NDArray[np.floating],
    targets: Targets,
    labels: Sequence[str],
    reducer_id: str,
    parameters: ClassificationParameters,
    weights: Matrix | None = None,
) -> Classifier:
    """Fit a classifier of the kind that ``parameters.classifier`` names.

    Args:
        components: ``(n, k)``, of the train rows.
        targets: ``(n,)``, positions in ``labels``.
        labels: All labels, sorted; the classifier knows those with a row.
        reducer_id: ``Reducer.id`` of the reducer that gave the components.
        parameters: Settings; ``classifier`` names the kind.
        weights: ``(n,)``, how much each row counts; None counts each as 1.

    Raises:
        FruitsError: If fewer than two labels have a row.
    """
    present, positions = np.unique(targets, return_inverse=True)
    if len(present) < 2:
        raise FruitsError(
            f"The train photographs have {len(present)} label{'s' * (len(present) != 1)}, but a "
            "classifier needs at least two: check the Training folder or use split.method=random."
        )
    trained = tuple(labels[position] for position in present)
    kind = kind_in(CLASSIFIERS, parameters.classifier)
    classifier: Classifier = kind.fit(
        components, positions, trained, reducer_id, parameters, weights
    )
    return classifier


def classifier_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Classifier:
    """The classifier stored as ``arrays``.

    Raises:
        FruitsError: If this installation lacks its kind.
    """
    about = json.loads(arrays[_ABOUT].tobytes())
    if about["kind"] not in names_in(CLASSIFIERS):
        raise FruitsError(
            f"The saved classifier is of the kind {about['kind']}, which this installation does "
            "not have: run kedro run --pipelines=classification to train another."
        )
    outliers = None
    if _WHITENING in arrays:
        outliers = Outliers(arrays[_WHITENING], arrays[_MEANS], about["outlier_beyond"])
    calibration = Calibration(
        about["temperature"], about["sure_from"], outliers, tuple(about["holds_for"])
    )
    kind: type[Classifier] = kind_in(CLASSIFIERS, about["kind"]).CLASS
    numbers = {name: arrays[name] for name in _own_arrays(kind)}
    return kind(tuple(about["labels"]), about["reducer_id"], **numbers, calibration=calibration)


def predicted_columns(
    classifier: Classifier, components: Features, studio: Flags
) -> "dict[str, pa.Array]":
    """Predict rows, as columns of the table of predictions.

    These are ``rank_columns`` and ``doubt_columns``. Components are ``(n, k)`` float32; ``studio``
    says whether each photograph's border has one colour.
    """
    probabilities = classifier.probabilities(components)
    calibration, scores = classifier.calibration, None
    if calibration.outliers:
        logits = classifier.logits(components)
        scores = None if logits is None else calibration.outliers.scores(logits)
    columns = rank_columns(probabilities, classifier.labels)
    return columns | doubt_columns(probabilities.max(axis=1), scores, calibration, studio)


def rank_columns(
    probabilities: npt.NDArray[np.floating], labels: Sequence[str]
) -> "dict[str, pa.Array]":
    """Columns ``RANKS`` of rows ``(n, labels)``, null beyond the labels there are.

    Of equally probable labels the last comes first.
    """
    import pyarrow as pa

    rows, names = len(probabilities), pa.array(labels, pa.string())
    ranked = np.argsort(-probabilities[:, ::-1], axis=1, kind="stable")[:, : len(RANKS)]
    ranked = probabilities.shape[1] - 1 - ranked
    columns: dict[str, pa.Array] = {}
    for rank, (label, probability) in enumerate(RANKS):
        if rank < ranked.shape[1]:
            columns[label] = names.take(pa.array(ranked[:, rank]))
            chosen = probabilities[np.arange(rows), ranked[:, rank]]
            columns[probability] = pa.array(chosen.astype(np.float64))
        else:
            columns[label] = pa.nulls(rows, pa.string())
            columns[probability] = pa.nulls(rows, pa.float64())
    return columns


def doubt_columns(
    confidence: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating] | None,
    calibration: Calibration,
    studio: Flags,
) -> "dict[str, pa.Array]":
    """Columns that say how far to believe the first label; null without calibration.

    Args:
        confidence: ``(n,)``, the largest probability of each row.
        scores: ``(n,)``, of ``Outliers``; None if there are none.
        calibration: Thresholds, and where they hold.
        studio: ``(n,)``, whether each photograph's border has one colour; elsewhere ``sure`` is
            null if the calibration holds for a studio only.

    Returns:
        sure, outlier_score and outlier.
    """
    import pyarrow as pa

    rows = len(confidence)
    columns = {
        "sure": pa.nulls(rows, pa.bool_()),
        "outlier_score": pa.nulls(rows, pa.float64()),
        "outlier": pa.nulls(rows, pa.bool_()),
    }
    if calibration.sure_from is not None:
        unknown = ~studio if calibration.for_studio_only else None
        columns["sure"] = pa.array(confidence >= calibration.sure_from, mask=unknown)
    if scores is not None and calibration.outliers:
        columns["outlier_score"] = pa.array(scores.astype(np.float64))
        columns["outlier"] = pa.array(scores > calibration.outliers.beyond)
    return columns


def _own_arrays(kind: type[Classifier]) -> list[str]:
    """Attributes that a kind adds to those of every classifier."""
    common = {inner.name for inner in fields(Classifier)}
    return [inner.name for inner in fields(kind) if inner.name not in common]
