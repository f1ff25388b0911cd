"""Predictions of refits for photographs that they were not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fruits_kedro.model.confidence import STUDIO, Calibration, expected_error, reliability
from fruits_kedro.model.matrices import Flags, Matrix, Targets, softmax
from fruits_kedro.model.moments import Moments
from fruits_kedro.model.refits import Fitted, Refits, alike_folds, capture_folds, trainable
from fruits_kedro.model.rows import Rows

THINNED = 200
"""Studio rows per label, weighted to stand for all, when own photographs are held out. It takes a
fifth of the time and changes less than another draw of own photographs does."""


@dataclass(frozen=True)
class HeldOut:
    """Logits of rows by refits that did not see them.

    Attributes:
        place: ``studio``, or the place of own photographs.
        by: How photographs were held out, in words.
        logits: ``(rows, labels)`` float64; minus infinity of labels that did not train.
        targets: ``(rows,)``.
        copies: ``(rows,)``, whether a row is an augmented copy.
    """

    place: str
    by: str
    logits: Matrix
    targets: Targets
    copies: Flags

    @classmethod
    def of(cls, place: str, by: str, asked: Rows, fitted: Fitted) -> "HeldOut":
        """Logits of a refit for rows; logarithms of probabilities for kinds without logits."""
        logits = fitted.logits(asked)
        if logits is None:
            with np.errstate(divide="ignore"):
                logits = np.log(fitted.probabilities(asked))
        return cls(place, by, logits, asked.targets, ~asked.photographs)

    @classmethod
    def joined(cls, parts: Sequence["HeldOut"]) -> "HeldOut":
        """Join the folds of a place; there is at least one."""
        columns = [(part.logits, part.targets, part.copies) for part in parts]
        joined = (np.concatenate(column) for column in zip(*columns, strict=True))
        return cls(parts[0].place, parts[0].by, *joined)

    @property
    def photographs(self) -> int:
        """Number of rows that are photographs, not copies."""
        return int((~self.copies).sum())

    @property
    def finite_logits(self) -> Matrix:
        """Logits with minus infinity replaced by the row's smallest finite logit."""
        least = np.where(np.isfinite(self.logits), self.logits, np.inf).min(axis=1, keepdims=True)
        return np.maximum(self.logits, least)

    def answers(self, temperature: float) -> tuple[Matrix, Flags]:
        """``(rows,)``: the probability of each prediction, and whether it is right."""
        probabilities = softmax(self.logits / temperature)
        return probabilities.max(axis=1), probabilities.argmax(axis=1) == self.targets


@dataclass(frozen=True)
class Judged:
    """Held-out rows judged by a calibration; each attribute is ``(rows,)``.

    Attributes:
        confidence: Probability of the prediction.
        right: Whether it is the label.
        in_three: Whether the label is among the first three.
        sure: Whether the prediction counts as sure.
        outlier: Whether the photograph counts as no known fruit.
    """

    confidence: Matrix
    right: Flags
    in_three: Flags
    sure: Flags
    outlier: Flags

    @classmethod
    def of(cls, held_out: HeldOut, calibration: Calibration) -> "Judged":
        """Judge held-out rows."""
        confidence, right = held_out.answers(calibration.temperature)
        own = held_out.logits[np.arange(len(right)), held_out.targets]
        before = (held_out.logits > own[:, np.newaxis]).sum(axis=1)
        sure, outlier = np.zeros((2, len(right)), np.bool_)
        if calibration.sure_from is not None:
            sure = confidence >= calibration.sure_from
        if calibration.outliers:
            scores = calibration.outliers.scores(held_out.finite_logits)
            outlier = scores > calibration.outliers.beyond
        return cls(confidence, right, before < 3, sure, outlier)

    @classmethod
    def joined(cls, parts: Sequence["Judged"]) -> "Judged":
        """All rows of several."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def where(self, rows: Flags) -> "Judged":
        """Some of the rows."""
        return Judged(*(column[rows] for column in vars(self).values()))

    def describe(self) -> dict[str, Any]:
        """Shares for the report."""
        if not len(self.right):
            return {"rows": 0}
        return {
            "rows": len(self.right),
            "accuracy": float(self.right.mean()),
            "top_3": float(self.in_three.mean()),
            "expected_calibration_error": expected_error(reliability(self.confidence, self.right)),
            "sure": float(self.sure.mean()),
            "right_if_sure": float(self.right[self.sure].mean()) if self.sure.any() else None,
            "outliers": float(self.outlier.mean()),
        }


def hold_out_studio(rows: Rows, refits: Refits, sums: Moments, share: float) -> HeldOut | None:
    """Refit without some studio photographs, and predict those and their copies.

    Whole capture groups are held out if labels have several, because a frame beside a train frame
    is always right. Copies are held out with their photograph. The reducer is refitted too, because
    it contains the covariance within labels.

    Args:
        rows: Train photographs and copies.
        refits: How they are fitted.
        sums: ``refits.sums(rows)``.
        share: Held-out share of each label if file names tell no capture groups.

    Returns:
        None if nothing can be held out.
    """
    studio, by = rows.where(~rows.own), "capture groups"
    folds = [out for _, out in capture_folds(studio)]
    if not folds:
        by, folds = "a stratified share", [_first_share(studio, share)]
    parts = []
    for fold in folds:
        out = np.zeros(len(rows), np.bool_)
        out[~rows.own] = fold
        asked, train = _answerable(rows, out, out), rows.where(~out)
        if len(asked) and trainable(train) is None:
            fitted = refits.fit(train, sums - refits.sums(rows.where(out)))
            parts.append(HeldOut.of(STUDIO, by, asked, fitted))
    return HeldOut.joined(parts) if parts else None


def own_places(rows: Rows) -> list[str]:
    """The places of own photographs."""
    places: list[str] = np.unique(rows.place[rows.own]).tolist()
    return places


def hold_out_place(
    rows: Rows, place: str, refits: Refits, sums: Moments, folds: int
) -> list[tuple[HeldOut, Fitted]]:
    """Own photographs of a place, held out in folds; their copies train but are never asked about.

    Whole sessions (capture groups) are held out if the place has several.

    Returns:
        By fold: the held-out photographs, and what was fitted without them.
    """
    here, found = rows.own & (rows.place == place), []
    by, masks = _sessions_or_folds(rows.where(here), folds)
    for fold in masks:
        out = np.zeros(len(rows), np.bool_)
        out[here] = fold
        asked, train = _answerable(rows, out, out & rows.photographs), rows.where(~out)
        if len(asked) and trainable(train) is None:
            fitted = refits.fit(train, sums, THINNED)
            found.append((HeldOut.of(place, by, asked, fitted), fitted))
    return found


def _sessions_or_folds(place: Rows, folds: int) -> tuple[str, list[Flags]]:
    sessions = [out for _, out in capture_folds(place)]
    return ("sessions", sessions) if sessions else ("alike photographs", alike_folds(place, folds))


def _first_share(rows: Rows, share: float) -> Flags:
    """The first photographs of each label by sha256, with their copies."""
    out = np.zeros(len(rows), np.bool_)
    for label in np.unique(rows.targets):
        photographs = np.flatnonzero(rows.photographs & (rows.targets == label))
        out[photographs[: int(share * len(photographs))]] = True
    return rows.with_copies(out)


def _answerable(rows: Rows, out: Flags, asked: Flags) -> Rows:
    """Rows to predict, without labels that are held out as a whole."""
    return rows.where(asked & np.isin(rows.targets, np.unique(rows.targets[~out])))
