"""What the file holds, and what is said of it."""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

CARD = "fruits.json"
LABELS = "labels.txt"
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of the files in the archive, so that equal models are equal bytes."""


@dataclass(frozen=True)
class Card:
    """What a program has to know to use the model.

    Attributes:
        labels: In the order of the probabilities.
        image_size: Pixels of each side of the input.
        scaled_decoding: Whether large JPEGs were decoded at a fraction of their size.
        preprocessing: From a photograph to the input, in words.
        precision: Arithmetic of the backbone inside, ``float32`` or ``int8``.
        fingerprint: ``Backbone.fingerprint`` of the backbone inside.
        reducer_id: ``Reducer.id`` of the reducer inside.
        classifier_id: ``SoftmaxClassifier.id`` of the classifier inside.
        sure_from: Probability from which the first label is sure; None where none was chosen.
        outlier_beyond: Outlier score above which a photograph shows no known fruit; None where the
            model gives no score.
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

    def to_json(self) -> bytes:
        """As it is stored in the model and beside it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Card":
        """Read back what ``to_json`` wrote."""
        return cls(**values | {"labels": tuple(values["labels"])})


@dataclass(frozen=True)
class PhoneModel:
    """A LiteRT flatbuffer with its card.

    Attributes:
        content: ``(1, size, size, 3)`` uint8 in (``image``); ``(1, labels)`` float32
            (``probabilities``) and ``(1, 1)`` float32 (``outlier_score``) out. Behind the
            flatbuffer lies a zip archive, which readers of LiteRT models skip: ``fruits.json``,
            the card, and ``labels.txt``, a label a line.
        card: The same card.
    """

    content: bytes
    card: Card

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal digest of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @classmethod
    def of(cls, flatbuffer: bytes, card: Card) -> "PhoneModel":
        """Put the card behind a flatbuffer.

        Source: https://ai.google.dev/edge/litert/models/metadata, which keeps labels so.
        """
        file = io.BytesIO(flatbuffer)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(zipfile.ZipInfo(CARD, _TIME), card.to_json())
            # A folder's name may hold a line break; the card has it as it is.
            lines = (" ".join(label.split("\n")) for label in card.labels)
            archive.writestr(zipfile.ZipInfo(LABELS, _TIME), "\n".join([*lines, ""]))
        return cls(file.getvalue(), card)


@dataclass(frozen=True)
class NoPhoneModel:
    """There is no file for a phone.

    Attributes:
        reason: Why, in one sentence.
    """

    reason: str
