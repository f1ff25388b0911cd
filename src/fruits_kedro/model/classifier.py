"""Base of all trained classifiers: labels, probabilities, and storage without pickle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fruits_kedro import FruitsError
from fruits_kedro.model.confidence import Calibration, Outliers
from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, softmax
from fruits_kedro.parameters import ClassificationParameters
from fruits_kedro.parameters.kinds import CLASSIFIERS, kind_in, names_in

if TYPE_CHECKING:
    import pyarrow as pa

_ABOUT, _WHITENING, _MEANS = "about", "outlier_whitening", "outlier_means"


@dataclass(frozen=True)
class Classifier:
    """A trained classifier. Each kind adds numpy arrays as attributes."""

    labels: tuple[str, ...]  # in the order of the probabilities
    reducer_id: str  # Reducer.id of the reducer whose components it takes
    calibration: Calibration = field(default=Calibration(), kw_only=True)

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
    """Fit a classifier of the kind that ``parameters.classifier`` names on ``(n, k)`` components.

    ``targets`` are positions in ``labels``, which are all labels, sorted; the classifier knows
    those with a row. ``weights`` say how much each row counts; without them each counts 1.

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
    fit = kind_in(CLASSIFIERS, parameters.classifier).fit
    classifier: Classifier = fit(components, positions, trained, reducer_id, parameters, weights)
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
    """Predict rows of components, ``(n, k)`` float32, as ``answer_columns``."""
    outliers, logits = classifier.calibration.outliers, classifier.logits(components)
    scores = None if outliers is None or logits is None else outliers.scores(logits)
    probabilities = classifier.probabilities(components)
    return answer_columns(probabilities, scores, classifier.labels, classifier.calibration, studio)


def answer_columns(
    probabilities: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating] | None,
    labels: Sequence[str],
    calibration: Calibration,
    studio: Flags,
) -> "dict[str, pa.Array]":
    """The three most probable labels, and how far to believe the first: ``schemas.PREDICTED``.

    Of equally probable labels the last comes first. Columns are null beyond the labels there are,
    and where calibration does not say.

    Args:
        probabilities: ``(n, labels)``.
        scores: ``(n,)``, of ``Outliers``; None if there are none.
        labels: In the order of the probabilities.
        calibration: Thresholds, and where they hold.
        studio: ``(n,)``, whether each photograph's border has one colour; elsewhere ``sure`` is
            null if the calibration holds for a studio only.
    """
    import pyarrow as pa

    from fruits_kedro.storage.schemas import CANDIDATES, PREDICTED

    columns = {name: pa.nulls(len(probabilities), kind) for name, kind in PREDICTED.items()}
    ranked = len(labels) - 1 - np.argsort(-probabilities[:, ::-1], axis=1, kind="stable")
    shares = np.take_along_axis(probabilities, ranked, axis=1).astype(np.float64)
    names, ranks = pa.array(labels, pa.string()), list(CANDIDATES)
    for rank in range(min(len(labels), len(ranks) // 2)):
        columns[ranks[2 * rank]] = names.take(pa.array(ranked[:, rank]))
        columns[ranks[2 * rank + 1]] = pa.array(shares[:, rank])
    if calibration.sure_from is not None:
        unknown = ~studio if calibration.for_studio_only else None
        columns["sure"] = pa.array(shares[:, 0] >= calibration.sure_from, mask=unknown)
    if scores is not None and calibration.outliers:
        columns["outlier_score"] = pa.array(scores.astype(np.float64))
        columns["outlier"] = pa.array(scores > calibration.outliers.beyond)
    return columns


def _own_arrays(kind: type[Classifier]) -> list[str]:
    """Attributes that a kind adds to those of every classifier."""
    common = {inner.name for inner in fields(Classifier)}
    return [inner.name for inner in fields(kind) if inner.name not in common]
