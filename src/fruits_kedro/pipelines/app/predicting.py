"""Names a few photographs in this process, without Spark and TensorFlow."""

import os
import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fruits_kedro import FruitsError
from fruits_kedro.model.engine import Engine
from fruits_kedro.model.phone import PhoneModel
from fruits_kedro.parameters import AppParameters
from fruits_kedro.parameters.facts import FactBook
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.decoding import decode, read_header
from fruits_kedro.photos.reasons import Reason

SENTENCES = {
    Reason.NOT_AN_IMAGE: "it is no photograph of a format that this project reads",
    Reason.UNDECODABLE: "the file is damaged: its pixels cannot be decoded",
    Reason.TOO_MANY_PIXELS: "it has more pixels than ingestion.max_pixels allows",
}
STUDIO_ONLY = "calibrated for studio photographs only"
"""Why a probable name outside of a studio is not sure."""

_AHEAD = 32
"""Most photographs that are decoded ahead."""


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
        threads: Photographs decoded, and answers made for a server, at the same time.
    """

    model: PhoneModel
    facts: FactBook
    parameters: AppParameters
    max_pixels: int
    threads: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))

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
        engine = self._engines.get()
        try:
            pixels = self._decode(content)
            return self._describe(pixels, engine(pixels))
        finally:
            self._engines.put(engine)

    def predict_all(self, paths: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The answer for each file in turn, decoded ahead; ``reason`` if there is none."""
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: list[tuple[str, Any]] = []
            for path in paths:
                waiting.append((path, pool.submit(self._read, path)))
                if len(waiting) >= _AHEAD:
                    yield self._answer(*waiting.pop(0))
            for path, pixels in waiting:
                yield self._answer(path, pixels)

    def _answer(self, path: str, pixels: Any) -> dict[str, Any]:
        try:
            decoded = pixels.result()
            return {"path": path, **self._describe(decoded, self._engine(decoded))}
        except PhotographError as error:
            return {"path": path, "reason": error.message}

    def _read(self, path: str) -> npt.NDArray[np.uint8]:
        try:
            with open(path, "rb") as file:
                return self._decode(file.read())
        except FileNotFoundError as error:
            raise PhotographError("there is no such file") from error
        except IsADirectoryError as error:
            raise PhotographError(
                "it is a folder: name the photographs in it, or run kedro run "
                f"--pipelines=inference --params=images={path}"
            ) from error
        except OSError as error:
            raise PhotographError(f"it cannot be read ({error.strerror})") from error

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
        card = self.model.card
        probabilities, score = answer[: len(card.labels)], float(answer[-1])
        # Of equal probabilities the last label comes first, as in the table of predictions.
        ranked = sorted(range(len(probabilities)), key=lambda n: (-probabilities[n], -n))
        offered = [n for n in ranked if probabilities[n] >= self.parameters.candidate_floor]
        candidates = [
            {"label": card.labels[n], "name": self._name(card.labels[n]), "probability": p}
            for n in offered[: self.parameters.candidates]
            for p in [round(float(probabilities[n]), 6)]
        ]
        label, best = card.labels[ranked[0]], float(probabilities[ranked[0]])
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
        known = self.facts.fruits.get(label)
        if known is None:
            return None
        return {
            name: {"text": text, "source": self.facts.sources.get(source, source)}
            for name, (text, source) in known
        }

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.model.content)

    @cached_property
    def _engines(self) -> "queue.SimpleQueue[Engine]":
        """An interpreter answers one thread at a time, so a server has several.

        They also bound how many photographs are decoded at once.
        """
        engines: queue.SimpleQueue[Engine] = queue.SimpleQueue()
        for _ in range(self.threads):
            engines.put(Engine(self.model.content))
        return engines
