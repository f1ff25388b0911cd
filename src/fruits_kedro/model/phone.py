"""The phone file: backbone, scaler, PCA and linear classifier in one graph, and its card."""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.classifier import Classifier, LinearClassifier
from fruits_kedro.model.confidence import Calibration, Outliers
from fruits_kedro.model.reducer import Reducer

CARD = "fruits.json"
LABELS = "labels.txt"
_TIME = (1980, 1, 1, 0, 0, 0)
"""Date of the files in the archive: constant, so that equal models have equal bytes."""


@dataclass(frozen=True)
class Card:
    """What a program needs to know to use the model.

    Attributes:
        labels: In the order of the probabilities.
        image_size: Pixels of each side of the input.
        scaled_decoding: Whether large JPEGs were decoded at a fraction of their size.
        preprocessing: How a photograph becomes the input, in words.
        precision: Arithmetic of the backbone inside, ``float32`` or ``int8``.
        fingerprint: ``Backbone.fingerprint`` of the backbone inside.
        reducer_id: ``Reducer.id`` of the reducer inside.
        classifier_id: ``Classifier.id`` of the classifier inside.
        sure_from: Probability from which the first label is sure; None if nothing is.
        outlier_beyond: Outlier score above which a photograph shows no known fruit; None if the
            model has no such output.
        calibrated_for: Places that ``sure_from`` and ``outlier_beyond`` hold for: ``studio``, or
            the places of own photographs. Elsewhere a program shows candidates only.
    """

    labels: tuple[str, ...]
    image_size: int
    scaled_decoding: bool
    preprocessing: str
    precision: str
    fingerprint: str
    reducer_id: str
    classifier_id: str
    sure_from: float | None
    outlier_beyond: float | None
    calibrated_for: tuple[str, ...]

    @property
    def calibration(self) -> Calibration:
        """The thresholds for ``classifier.doubt_columns``; temperature is in the model."""
        beyond, outliers = self.outlier_beyond, None
        if beyond is not None:
            outliers = Outliers(np.zeros((0, 0)), np.zeros((0, 0)), beyond)
        return Calibration(1.0, self.sure_from, outliers, self.calibrated_for)

    def to_json(self) -> bytes:
        """JSON as stored in the model and beside it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Card":
        """The card from the values of ``to_json``."""
        lists = {name: tuple(values[name]) for name in ("labels", "calibrated_for")}
        return cls(**values | lists)


@dataclass(frozen=True)
class PhoneModel:
    """A LiteRT flatbuffer with its card.

    Attributes:
        content: ``(1, size, size, 3)`` uint8 in (``image``); ``(1, labels)`` float32
            (``probabilities``) and ``(1, 1)`` float32 (``outlier_score``) out. A zip archive that
            LiteRT ignores follows the flatbuffer: ``fruits.json`` (the card) and ``labels.txt``
            (one label per line).
        card: The card in the archive.
    """

    content: bytes
    card: Card

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal digest of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @classmethod
    def of(cls, flatbuffer: bytes, card: Card) -> "PhoneModel":
        """Append the card to a flatbuffer.

        Source: https://ai.google.dev/edge/litert/models/metadata (labels in a zip archive).
        """
        file = io.BytesIO(flatbuffer)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(zipfile.ZipInfo(CARD, _TIME), card.to_json())
            # A label may contain a line break; the card keeps it.
            lines = (" ".join(label.split("\n")) for label in card.labels)
            archive.writestr(zipfile.ZipInfo(LABELS, _TIME), "\n".join([*lines, ""]))
        return cls(file.getvalue(), card)


@dataclass(frozen=True)
class NoPhoneModel:
    """Stands for a missing phone file.

    Attributes:
        reason: Why there is none, in one sentence.
    """

    reason: str


@dataclass(frozen=True)
class Head:
    """Scaler, PCA and classifier as one map: ``weights @ (features - mean) + bias``.

    Float32 like the graph. Features are centred first, so that no large numbers cancel.

    Attributes:
        unit_length: Whether features are divided by their Euclidean length before.
        mean: ``(n_features,)``.
        weights: ``(labels, n_features)``.
        bias: ``(labels,)``. Weights and bias are divided by the temperature.
        whitening: ``(labels, labels)``, ``Outliers.whitening`` for the map's output, transposed.
        whitened_means: ``Outliers.means``; both are None without an outlier score.
    """

    unit_length: bool
    mean: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    whitening: npt.NDArray[np.float32] | None
    whitened_means: npt.NDArray[np.float32] | None

    @classmethod
    def of(cls, reducer: Reducer, classifier: LinearClassifier) -> "Head":
        """The map from features to a classifier's calibrated logits."""
        temperature = classifier.calibration.temperature
        weights = classifier.coefficients @ reducer.components / reducer.scale
        arrays = [reducer.mean, weights / temperature, classifier.intercepts / temperature]
        outliers = classifier.calibration.outliers
        if outliers:
            arrays += [outliers.whitening.T * temperature, outliers.means]
        floats: list[Any] = [array.astype(np.float32) for array in arrays]
        return cls(reducer.unit_length, *floats, *[None] * (5 - len(floats)))


def fold(backbone: Backbone, reducer: Reducer, classifier: Classifier) -> PhoneModel | NoPhoneModel:
    """Join network, reducer and classifier in one file.

    The head is appended to the converted graph, which takes half a second and no TensorFlow.

    Returns:
        The file, or why there is none.
    """
    from fruits_kedro.model.graph import append_head

    if not isinstance(classifier, LinearClassifier):
        return NoPhoneModel(
            f"A classifier {classifier.kind} has no file for a phone: it is no sum of products "
            "that could be joined to the network, so train with "
            "classification.classifier=logistic_regression to get 06_models/fruits.tflite."
        )
    try:
        check_lineage(backbone, reducer, classifier)
    except FruitsError as error:
        return NoPhoneModel(error.message)
    spec, calibration = backbone.spec, classifier.calibration
    card = Card(
        classifier.labels,
        spec.image_size,
        spec.scaled_decoding,
        spec.preprocessing,
        spec.precision,
        backbone.fingerprint,
        reducer.id,
        classifier.id,
        calibration.sure_from,
        calibration.outliers.beyond if calibration.outliers else None,
        calibration.holds_for,
    )
    return PhoneModel.of(append_head(backbone.model, Head.of(reducer, classifier)), card)


def check_lineage(backbone: Backbone, reducer: Reducer, classifier: Classifier) -> None:
    """Raise FruitsError if artefacts were not made for one another."""
    if reducer.fingerprint != backbone.fingerprint:
        raise FruitsError(
            f"The reducer was fitted on features of backbone {reducer.fingerprint}, and the saved "
            f"backbone is {backbone.fingerprint}: run kedro run --pipelines=reduction and "
            "--pipelines=classification, or featurize with the earlier weights."
        )
    if classifier.reducer_id != reducer.id:
        raise FruitsError(
            f"The classifier was trained on components of reducer {classifier.reducer_id}, and the "
            f"saved reducer is {reducer.id}: run kedro run --pipelines=classification."
        )
