"""The phone file: backbone, scaler, PCA and linear classifier in one graph, and its card."""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.classifier import Classifier, LinearClassifier
from fruits_kedro.model.confidence import Calibration, Outliers
from fruits_kedro.model.graph import append_head
from fruits_kedro.model.reducer import Reducer


@dataclass(frozen=True)
class Card:
    """What a program needs to know to use the model.

    ``sure_from`` and ``outlier_beyond`` hold for the places ``calibrated_for``: ``studio``, or the
    places of own photographs. Elsewhere a program shows candidates only.
    """

    labels: tuple[str, ...]  # in the order of the probabilities
    image_size: int  # pixels of each side of the input
    scaled_decoding: bool  # whether large JPEGs were decoded at a fraction of their size
    preprocessing: str  # how a photograph becomes the input, in words
    precision: str  # arithmetic of the backbone inside, float32 or int8
    fingerprint: str  # of the backbone inside
    reducer_id: str  # Reducer.id of the reducer inside
    classifier_id: str  # Classifier.id of the classifier inside
    sure_from: float | None  # probability from which the first label is sure; None if nothing is
    outlier_beyond: float | None  # score above which no known fruit is shown; None without a score
    calibrated_for: tuple[str, ...]

    @property
    def calibration(self) -> Calibration:
        """The thresholds for ``classifier.answer_columns``; temperature is in the model."""
        beyond, outliers = self.outlier_beyond, None
        if beyond is not None:
            outliers = Outliers(np.zeros((0, 0)), np.zeros((0, 0)), beyond)
        return Calibration(1.0, self.sure_from, outliers, self.calibrated_for)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Card":
        """The card from its JSON in the model or beside it."""
        lists = {name: tuple(values[name]) for name in ("labels", "calibrated_for")}
        return cls(**values | lists)


@dataclass(frozen=True)
class PhoneModel:
    """A LiteRT flatbuffer with its card.

    ``content`` takes ``(1, size, size, 3)`` uint8 (``image``) and gives ``(1, labels)`` float32
    (``probabilities``) and ``(1, 1)`` float32 (``outlier_score``). A zip archive that LiteRT
    ignores follows the flatbuffer: ``fruits.json`` (the card) and ``labels.txt`` (one label per
    line).
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
            said = json.dumps(asdict(card), indent=1, ensure_ascii=False)
            # The date of a plain ZipInfo is constant, so equal models have equal bytes.
            archive.writestr(zipfile.ZipInfo("fruits.json"), said)
            # A label may contain a line break; the card keeps it.
            lines = (" ".join(label.split("\n")) for label in card.labels)
            archive.writestr(zipfile.ZipInfo("labels.txt"), "\n".join([*lines, ""]))
        return cls(file.getvalue(), card)


@dataclass(frozen=True)
class NoPhoneModel:
    """Stands for a missing phone file."""

    reason: str  # why there is none, in one sentence


def fold(backbone: Backbone, reducer: Reducer, classifier: Classifier) -> PhoneModel | NoPhoneModel:
    """Join network, reducer and classifier in one file, or say why that is impossible.

    The classifier is appended to the converted graph in half a second, without TensorFlow.
    """
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
    return PhoneModel.of(append_head(backbone.model, reducer, classifier), card)


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
