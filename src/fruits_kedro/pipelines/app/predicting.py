"""Names a few photographs in this process, without Spark and TensorFlow."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from kedro.io import CatalogProtocol

from fruits_kedro import FruitsError
from fruits_kedro.model.engine import Engine
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel
from fruits_kedro.parameters import AppParameters, Parameters
from fruits_kedro.parameters.facts import FactBook
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.decoding import decode, read_header
from fruits_kedro.photos.reasons import SENTENCES, Reason

STUDIO_ONLY = "calibrated for studio photographs only"
"""Why a probable name outside of a studio is not sure."""

_MAKING = threading.Lock()
"""Held while an engine is made, which redirects standard error of the whole process."""


class PhotographError(FruitsError):
    """A photograph that cannot be named; the message is one sentence."""


@dataclass(frozen=True)
class Predictor:
    """Predicts photographs with the phone file and adds facts.

    Attributes:
        model: The phone file.
        facts: Facts by label.
        parameters: How many names are offered, and from which probability.
        max_pixels: Larger photographs are refused.
        threads: Photographs in memory, and engines, at the same time.
    """

    model: PhoneModel
    facts: FactBook
    parameters: AppParameters
    max_pixels: int
    threads: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    _of_thread: threading.local = field(default_factory=threading.local, init=False)

    def predict(self, content: bytes) -> dict[str, Any]:
        """The answer for the bytes of one image file; may be called by several threads.

        Returns:
            ``verdict`` (``sure``, ``unsure`` or ``unknown``: no fruit that is known), ``label``,
            ``name``, ``probability``, ``outlier_score``, ``candidates`` and ``facts`` of the label
            (text and source by name; None if the verdict is ``unknown``), and ``note``
            (why a probable name is not sure; None otherwise).

        Raises:
            PhotographError: If it is no photograph.
        """
        pixels = self._decode(content)
        return self._describe(pixels, self._engine(pixels))

    def predict_all(self, paths: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The answer for each file in turn; ``reason`` if there is none."""
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(self._answer, paths)

    def _answer(self, path: str) -> dict[str, Any]:
        try:
            return {"path": path, **self.predict(_read(path))}
        except PhotographError as error:
            return {"path": path, "reason": error.message}

    def _decode(self, content: bytes) -> npt.NDArray[np.uint8]:
        header = read_header(content)
        if isinstance(header, Reason):
            raise PhotographError(SENTENCES[header])
        if header.width * header.height > self.max_pixels:
            raise PhotographError(SENTENCES[Reason.TOO_MANY_PIXELS])
        card = self.model.card
        pixels = decode(content, card.image_size, card.scaled_decoding)
        if isinstance(pixels, Reason):
            raise PhotographError(SENTENCES[pixels])
        return pixels

    def _describe(
        self, pixels: npt.NDArray[np.uint8], answer: npt.NDArray[np.float32]
    ) -> dict[str, Any]:
        card, parameters = self.model.card, self.parameters
        score = float(answer[-1])
        # Of equal probabilities the last label comes first, as in the table of predictions.
        shares = dict([*zip(card.labels, answer.tolist(), strict=False)][::-1])
        ranked = sorted(shares, key=shares.__getitem__, reverse=True)
        candidates = [
            {"label": label, "name": self._name(label), "probability": round(shares[label], 6)}
            for label in ranked[: parameters.candidates]
            if shares[label] >= parameters.candidate_floor
        ]
        label, best = ranked[0], shares[ranked[0]]
        is_outlier = card.outlier_beyond is not None and score > card.outlier_beyond
        is_sure = card.sure_from is not None and best >= card.sure_from
        withheld = is_sure and card.calibration.for_studio_only and not uniform_border(pixels)
        is_sure = is_sure and not withheld
        unknown = is_outlier or not (is_sure or candidates)
        return {
            "verdict": "unknown" if unknown else "sure" if is_sure else "unsure",
            "label": label,
            "name": self._name(label),
            "probability": round(best, 6),
            "outlier_score": None if card.outlier_beyond is None else round(score, 4),
            "candidates": [] if unknown else candidates,
            "facts": None if unknown else self._facts_of(label),
            "note": STUDIO_ONLY if withheld else None,
        }

    def _name(self, label: str) -> str:
        known = self.facts.fruits.get(label)
        return known.common_name[0].split(",")[0] if known else label

    def _facts_of(self, label: str) -> dict[str, dict[str, str]] | None:
        if label not in self.facts.fruits:
            return None
        return {
            name: {"text": text, "source": self.facts.sources.get(source, source)}
            for name, (text, source) in self.facts.fruits[label]
        }

    def _engine(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """All outputs for one photograph, by the engine of this thread."""
        if not hasattr(self._of_thread, "engine"):
            with _MAKING:
                self._of_thread.engine = Engine(self.model.content)
        outputs: npt.NDArray[np.float32] = self._of_thread.engine(pixels)
        return outputs


def predictor_of(catalog: CatalogProtocol) -> Predictor:
    """The model of the storage with its facts. Raises FruitsError if there is none."""
    model, facts = (catalog.load(name) for name in ("phone_model", "fruit_facts"))
    if isinstance(model, NoPhoneModel):
        raise FruitsError(model.reason)
    parameters = Parameters.model_validate(catalog.load("parameters"))
    return Predictor(model, facts, parameters.app, parameters.ingestion.max_pixels)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError as error:
        raise PhotographError("There is no such file.") from error
    except IsADirectoryError as error:
        raise PhotographError(
            "It is a folder: name the photographs in it, or run kedro run "
            f"--pipelines=inference --params=images={path}."
        ) from error
    except OSError as error:
        raise PhotographError(f"It cannot be read ({error.strerror}).") from error
