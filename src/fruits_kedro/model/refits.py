"""Refits reducer and classifier without some photographs, and predicts those."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from fruits_kedro.model.classifier import Classifier, fit_classifier
from fruits_kedro.model.confidence import STUDIO, Outliers
from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, softmax
from fruits_kedro.model.moments import Moments
from fruits_kedro.model.reducer import Reducer, fit_reducer
from fruits_kedro.model.rows import Rows, own_weights
from fruits_kedro.parameters import ClassificationParameters, OwnParameters, ReductionParameters

MOST_FOLDS = 5
"""Most folds that capture groups are put into; each fold is one fit."""

DIRECTIONS = 400
"""Directions of the features that many fits are made on: they hold 99 % of their squares, and the
accuracy differs by less than between two draws of photographs (docs/results.md)."""

ALIKE = 0.9
"""Mean cosine of features from which own photographs of a label count as taken together: in shops a
photograph has its nearest neighbour of the same day at 0.90 and of another day at 0.75."""

THINNED = 200
"""Studio rows per label, weighted to stand for all, when own photographs are held out. It takes a
fifth of the time and changes less than another draw of own photographs does."""


@dataclass(frozen=True)
class Fitted:
    """The result of a fit. The classifier may know fewer labels than the rows."""

    reducer: Reducer
    classifier: Classifier
    known: Outliers | None  # of the train rows' logits; None for kinds without logits
    photographs: int  # that trained, without copies

    def logits(self, rows: Rows) -> Matrix:
        """``(n, len(rows.labels))`` float64, minus infinity if a label did not train.

        For kinds without logits these are the logarithms of probabilities.
        """
        components = self.reducer.transform(rows.features)
        known = self.classifier.logits(components)
        if known is None:
            with np.errstate(divide="ignore"):
                known = np.log(self.classifier.probabilities(components))
        logits = np.full((len(rows), len(rows.labels)), -np.inf)
        logits[:, [rows.labels.index(label) for label in self.classifier.labels]] = known
        return logits


@dataclass(frozen=True)
class Refits:
    """Rows, and how reducer and classifier are fitted on some of them."""

    rows: Rows
    reduction: ReductionParameters
    classification: ClassificationParameters
    own: OwnParameters
    size: int | None = None  # number of features before on_directions
    rotated: Moments | None = None  # sums after on_directions

    @cached_property
    def sums(self) -> Moments:
        """Moments of the studio photographs and copies among the rows."""
        return self.rotated or _studio_sums(self.rows, self.reduction)

    def on_directions(self) -> "Refits":
        """Such fits at a tenth of the cost, on the directions in which studio rows are longest."""
        from scipy.linalg import eigh

        rows, sums, size = self.rows, self.sums, self.rows.features.shape[1]
        if not self.reduction.unit_length or size <= DIRECTIONS:
            return self
        _, basis = eigh(sums.products, subset_by_index=[size - DIRECTIONS, size - 1], driver="evr")
        fewer = replace(sums, totals=sums.totals @ basis, products=basis.T @ sums.products @ basis)
        projected = replace(rows, features=rows.features @ basis.astype(np.float32))
        return replace(self, rows=projected, size=size, rotated=fewer)

    def fit(self, out: Flags | None = None, most: int | None = None) -> Fitted | str:
        """Fit without some rows, or say why that is impossible.

        Args:
            out: Mask of these rows; None fits on all.
            most: Most studio rows per label for the classifier, weighted to stand for the others;
                None takes all.
        """
        train = self.rows if out is None else self.rows.where(~out)
        photographs = train.photographs
        if len(np.unique(train.targets[photographs])) < 2:
            return "fewer than two labels are left to train on"
        if not np.ptp(train.features[photographs], axis=0).any():
            return "the photographs left to train on are all alike"
        moments, reduction = self.sums, self.reduction
        if out is not None:
            moments -= _studio_sums(self.rows.where(out), reduction)
        weights = own_weights(train.targets, train.own, self.own.share)
        if train.own.any():
            moments += _sums(train.where(train.own), weights[train.own], reduction)
        reducer = fit_reducer(moments, reduction.k, "", reduction.within_shrinkage, self.size)
        if most is not None:
            train, weights = _thinned(train, weights, most)
        components = reducer.transform(train.features)
        classifier = fit_classifier(
            components, train.targets, train.labels, reducer.id, self.classification, weights
        )
        logits, known = classifier.logits(components), None
        if logits is not None:
            known = Outliers.of(logits, train.targets, weights=weights)
        return Fitted(reducer, classifier, known, int(photographs.sum()))


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


def own_places(rows: Rows) -> list[str]:
    """The places of own photographs."""
    places: list[str] = np.unique(rows.place[rows.own]).tolist()
    return places


def hold_out(refits: Refits, place: str | None = None) -> list[tuple[HeldOut, Fitted]]:
    """Predict photographs by refits that did not see them, fold by fold.

    Whole capture groups (turns of a fruit in a studio, sessions of a place) are held out if there
    are several, because a frame beside a train frame is always right. Otherwise it is a share of
    each label of a studio, or own photographs that are alike together. Copies are held out with
    their photograph; those of own photographs are not predicted. The reducer is refitted too,
    because it contains the covariance within labels.

    Args:
        refits: On rows of all places.
        place: The place of own photographs; None for the studio.

    Returns:
        By fold: its predictions, and what was fitted without it. Empty if nothing can be held out.
    """
    rows = refits.rows
    here, most, by, name = ~rows.own, None, "capture groups", STUDIO
    if place is not None:
        here, most, by, name = rows.own & (rows.place == place), THINNED, "sessions", place
    mine = rows.where(here)
    folds = capture_folds(mine)
    if not folds and place is None:
        by = "a stratified share"
        folds = [share_of_each(mine, refits.classification.calibration.held_out_share)]
    elif not folds:
        by, folds = "alike photographs", alike_folds(mine, refits.own.folds)
    may_ask = here & (rows.photographs | (place is None))
    found = []
    for fold in folds:
        out = np.zeros(len(rows), np.bool_)
        out[here] = fold
        # Nobody can know a label that is held out as a whole.
        asked = rows.where(may_ask & out & np.isin(rows.targets, rows.targets[~out]))
        fitted = refits.fit(out, most) if len(asked) else "nothing is asked"
        if isinstance(fitted, Fitted):
            logits, copies = fitted.logits(asked), ~asked.photographs
            found.append((HeldOut(name, by, logits, asked.targets, copies), fitted))
    return found


def capture_groups(rows: Rows) -> tuple[list[str], list[int]]:
    """Capture groups that can be held out, because another group of the label can train.

    Returns:
        Their names; and the positions of labels with fewer than two groups, which cannot be tested.
    """
    groups = pd.Series(rows.capture).where(rows.capture != "")
    counts = groups.groupby(rows.targets).nunique()
    single = counts.index[counts < 2].tolist()
    return sorted(groups[~np.isin(rows.targets, single)].dropna().unique()), single


def capture_folds(rows: Rows) -> list[Flags]:
    """Masks of rows to hold out together, by capture groups; none if no label has several."""
    names, single = capture_groups(rows)
    testable = ~np.isin(rows.targets, single)
    folds = [names[start::MOST_FOLDS] for start in range(min(MOST_FOLDS, len(names)))]
    return [np.isin(rows.capture, fold) & testable for fold in folds]


def share_of_each(rows: Rows, share: float) -> Flags:
    """Mask of a share of each label's photographs, the first by sha256, with their copies."""
    photographs = pd.Series(rows.targets[rows.photographs])
    by_label = photographs.groupby(photographs)
    first = np.zeros(len(rows), np.bool_)
    first[rows.photographs] = by_label.cumcount() < (share * by_label.transform("size")).astype(int)
    return rows.with_copies(first)


def alike_folds(rows: Rows, folds: int) -> list[Flags]:
    """Photographs of a place in so many folds, those that are alike together, with their copies.

    Photographs of one pile, taken one after the other, are as alike as frames of one turn: apart,
    each would be known by its neighbour, and a place would seem better known than it is.
    """
    photographs, fold = np.flatnonzero(rows.photographs), np.zeros(len(rows), np.int64)
    filled = np.zeros(folds)
    for label in np.unique(rows.targets[photographs]):
        mine = photographs[rows.targets[photographs] == label]
        groups = _alike(rows.features[mine], folds)
        sizes = np.bincount(groups)
        for group in np.argsort(-sizes, kind="stable"):
            emptiest = int(filled.argmin())
            fold[mine[groups == group]] = emptiest
            filled[emptiest] += sizes[group]
    return [rows.with_copies(fold == number) for number in range(folds)]


def _alike(features: Features, most: int) -> npt.NDArray[np.int64]:
    """``(n,)``, a number for each group of photographs that are alike, from 0."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(features) < 2:
        return np.zeros(len(features), np.int64)
    tree = linkage(features, "average", "cosine")
    groups = fcluster(tree, 1 - ALIKE, "distance")
    largest = groups == np.bincount(groups).argmax()
    if largest.sum() > len(groups) / 2:  # a label of one pile is better divided than not trained
        groups[largest] = groups.max() + 1 + np.arange(largest.sum()) % most
    return np.unique(groups, return_inverse=True)[1]


def _studio_sums(rows: Rows, reduction: ReductionParameters) -> Moments:
    studio = rows.where(~rows.own) if rows.own.any() else rows
    return _sums(studio, np.ones(len(studio)), reduction)


def _sums(rows: Rows, weights: Matrix, reduction: ReductionParameters) -> Moments:
    batch = rows.features, rows.targets, weights
    return Moments.of([batch], len(rows.labels), reduction.unit_length)


def _thinned(train: Rows, weights: Matrix, most: int) -> tuple[Rows, Matrix]:
    """An even draw of studio rows per label, and the weights with which they stand for all."""
    chosen, heavier = train.own.copy(), np.ones(len(train))
    for label in np.unique(train.targets):
        studio = np.flatnonzero((train.targets == label) & ~train.own)
        if len(studio):
            step = -(-len(studio) // most)
            chosen[studio[::step]] = True
            heavier[studio] = len(studio) / len(studio[::step])
    return train.where(chosen), (weights * heavier)[chosen]
