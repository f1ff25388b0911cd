"""Predictions of refits for photographs that they were not trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fruits_kedro.model.confidence import STUDIO, Calibration
from fruits_kedro.model.matrices import Flags, Matrix, Targets, softmax
from fruits_kedro.model.moments import Moments
from fruits_kedro.model.refits import Fitted, Refits, alike_folds, capture_folds, trainable
from fruits_kedro.model.rows import Rows
from fruits_kedro.model.scores import score_confidences

THINNED = 200
"""Studio rows per label, weighted to stand for all, when own photographs are held out. It takes a
fifth of the time and changes less than another draw of own photographs does."""


@dataclass(frozen=True)
class HeldOut:
    """Logits of rows by refits that did not see them; arrays have a row for each."""

    place: str  # ``studio``, or the place of own photographs
    by: str  # how photographs were held out, in words
    logits: Matrix  # (rows, labels); minus infinity of labels that did not train
    targets: Targets
    copies: Flags  # whether a row is an augmented copy

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


def judge(held_out: HeldOut, calibration: Calibration) -> pd.DataFrame:
    """How held-out rows fare under a calibration.

    Returns:
        ``confidence`` (probability of the prediction), ``right``, ``in_three`` (the label is among
        the first three), ``sure`` and ``outlier``.
    """
    confidence, right = held_out.answers(calibration.temperature)
    own = held_out.logits[np.arange(len(right)), held_out.targets]
    before = (held_out.logits > own[:, np.newaxis]).sum(axis=1)
    sure, outlier = np.zeros((2, len(right)), np.bool_)
    if calibration.sure_from is not None:
        sure = confidence >= calibration.sure_from
    if calibration.outliers:
        scores = calibration.outliers.scores(held_out.finite_logits)
        outlier = scores > calibration.outliers.beyond
    columns = {"confidence": confidence, "right": right, "in_three": before < 3}
    return pd.DataFrame(columns | {"sure": sure, "outlier": outlier})


def describe(judged: pd.DataFrame) -> dict[str, Any]:
    """Shares of judged rows for the report."""
    if judged.empty:
        return {"rows": 0}
    columns = (judged[name].to_numpy() for name in ("confidence", "right", "sure", "outlier"))
    return {
        "rows": len(judged),
        "accuracy": float(judged["right"].mean()),
        "top_3": float(judged["in_three"].mean()),
        **score_confidences(*columns),
    }


def hold_out_studio(rows: Rows, refits: Refits, sums: Moments) -> HeldOut | None:
    """Refit without some studio photographs, and predict those and their copies.

    Whole capture groups are held out if labels have several, because a frame beside a train frame
    is always right; otherwise the first photographs of each label by sha256. Copies are held out
    with their photograph. The reducer is refitted too, because it contains the covariance within
    labels. ``sums`` are ``refits.sums(rows)``.

    Returns:
        None if nothing can be held out.
    """
    studio, by = rows.where(~rows.own), "capture groups"
    folds = capture_folds(studio)
    if not folds:
        by, first = "a stratified share", np.zeros(len(studio), np.bool_)
        for label in np.unique(studio.targets):
            photographs = np.flatnonzero(studio.photographs & (studio.targets == label))
            share = refits.parameters.calibration.held_out_share
            first[photographs[: int(share * len(photographs))]] = True
        folds = [studio.with_copies(first)]
    found = _hold_out(rows, ~rows.own, folds, np.ones(len(rows), np.bool_), refits, sums)
    parts = [_predicted(STUDIO, by, asked, fitted) for asked, fitted in found]
    return HeldOut.joined(parts) if parts else None


def own_places(rows: Rows) -> list[str]:
    """The places of own photographs."""
    places: list[str] = np.unique(rows.place[rows.own]).tolist()
    return places


def hold_out_place(
    rows: Rows, place: str, refits: Refits, sums: Moments
) -> list[tuple[HeldOut, Fitted]]:
    """Own photographs of a place, held out in folds; their copies train but are never asked about.

    Whole sessions (capture groups) are held out if the place has several. What was fitted without
    a fold stands beside it.
    """
    here = rows.own & (rows.place == place)
    mine, by = rows.where(here), "sessions"
    folds = capture_folds(mine)
    if not folds:
        by, folds = "alike photographs", alike_folds(mine, refits.own.folds)
    found = _hold_out(rows, here, folds, rows.photographs, refits, sums, THINNED)
    return [(_predicted(place, by, asked, fitted), fitted) for asked, fitted in found]


def _hold_out(
    rows: Rows,
    here: Flags,
    folds: Sequence[Flags],
    may_ask: Flags,
    refits: Refits,
    sums: Moments,
    most: int | None = None,
) -> Iterator[tuple[Rows, Fitted]]:
    """By fold of the rows ``here``: those to predict, and what was fitted without the fold."""
    for fold in folds:
        out = np.zeros(len(rows), np.bool_)
        out[here] = fold
        train = rows.where(~out)
        # Nobody can know a label that is held out as a whole.
        asked = rows.where(out & may_ask & np.isin(rows.targets, np.unique(train.targets)))
        if len(asked) and trainable(train) is None:
            yield asked, refits.fit(train, sums - refits.sums(rows.where(out)), most)


def _predicted(place: str, by: str, asked: Rows, fitted: Fitted) -> HeldOut:
    return HeldOut(place, by, fitted.logits(asked), asked.targets, ~asked.photographs)
