"""Refits reducer and classifier without some photographs, to predict those."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier import Classifier, fit_classifier
from fruits_kedro.model.confidence import Outliers
from fruits_kedro.model.matrices import Features, Flags, Matrix
from fruits_kedro.model.moments import Moments
from fruits_kedro.model.reducer import Reducer, fit_reducer
from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import ClassificationParameters

MOST_FOLDS = 5
"""Most folds that capture groups are put into; each fold is one fit."""

DIRECTIONS = 400
"""Directions of the features that many fits are made on: they hold 99 % of their squares, and the
accuracy differs by less than between two draws of photographs (docs/results.md)."""


ALIKE = 0.9
"""Mean cosine of features from which own photographs of a label count as taken together: in shops a
photograph has its nearest neighbour of the same day at 0.90 and of another day at 0.75."""


@dataclass(frozen=True)
class Fitted:
    """The result of a fit.

    Attributes:
        reducer, classifier: Fitted; the classifier may know fewer labels than the rows.
        known: Means and scatter of the train rows' logits; None for kinds without logits.
        photographs, copies: Number of train rows.
    """

    reducer: Reducer
    classifier: Classifier
    known: Outliers | None
    photographs: int
    copies: int

    def logits(self, rows: Rows) -> Matrix | None:
        """``(n, len(rows.labels))`` float64, minus infinity if a label did not train."""
        known = self.classifier.logits(self.reducer.transform(rows.features))
        return None if known is None else self._spread(known, rows, -np.inf)

    def probabilities(self, rows: Rows) -> Matrix:
        """``(n, len(rows.labels))`` float64, 0 if a label did not train."""
        known = self.classifier.probabilities(self.reducer.transform(rows.features))
        return self._spread(known, rows, 0.0)

    def _spread(self, known: Matrix, rows: Rows, others: float) -> Matrix:
        spread = np.full((len(known), len(rows.labels)), others)
        spread[:, [rows.labels.index(label) for label in self.classifier.labels]] = known
        return spread


@dataclass(frozen=True)
class Refits:
    """Settings of all refits.

    Attributes:
        k: Components, or share of variance (``reduction.k``).
        unit_length, shrinkage: As the reducer scales (``ReductionParameters``).
        parameters: Of the classifier.
        share: Weight of own photographs (``own.share``).
        fingerprint: Fingerprint of the features.
        size: Number of features before ``on_directions``; None without it.
    """

    k: float
    unit_length: bool
    shrinkage: float | None
    parameters: ClassificationParameters
    share: float
    fingerprint: str = ""
    size: int | None = None

    def sums(self, rows: Rows) -> Moments:
        """Moments of the studio photographs and copies among ``rows``."""
        studio = rows.where(~rows.own) if rows.own.any() else rows
        return self._empty(rows).add(studio.features, studio.targets).complete()

    def on_directions(self, rows: Rows, sums: Moments) -> "tuple[Refits, Rows, Moments]":
        """The same fits at a tenth of the cost, on the directions in which rows are longest.

        Args:
            rows: All rows that are to be fitted on or asked about.
            sums: ``self.sums(rows)``; directions are chosen by the studio rows.
        """
        from scipy.linalg import eigh

        size = rows.features.shape[1]
        if not self.unit_length or size <= DIRECTIONS:
            return self, rows, sums
        _, basis = eigh(sums.products, subset_by_index=[size - DIRECTIONS, size - 1], driver="evr")
        products = basis.T @ sums.products @ basis
        fewer = replace(sums, totals=sums.totals @ basis, products=products)
        return replace(self, size=size), rows.projected(basis), fewer

    def fit(self, train: Rows, studio: Moments | None = None, most: int | None = None) -> Fitted:
        """Fit on rows of at least two labels.

        Args:
            train: Photographs and copies.
            studio: ``self.sums(train)``, if known already.
            most: Most studio rows per label for the classifier, weighted to stand for the others;
                None takes all.
        """
        weights = train.weights(self.share)
        moments = self.sums(train) if studio is None else studio
        if train.own.any():
            own = train.where(train.own)
            moments += self._empty(train).add(own.features, own.targets, weights[train.own])
        k = min(self.k, moments.rows - 1, train.features.shape[1]) if self.k >= 1 else self.k
        reducer = fit_reducer(moments, k, self.fingerprint, self.shrinkage, self.size)
        if most is not None:
            train_on, weights = thinned(train, weights, most)
        else:
            train_on = train
        components = reducer.transform(train_on.features)
        classifier = fit_classifier(
            components, train_on.targets, train.labels, reducer.id, self.parameters, weights
        )
        logits, known = classifier.logits(components), None
        if logits is not None:
            known = Outliers.of(logits, train_on.targets, weights=weights)
        photographs = int(train.photographs.sum())
        return Fitted(reducer, classifier, known, photographs, len(train) - photographs)

    def _empty(self, rows: Rows) -> Moments:
        return Moments.empty(len(rows.labels), rows.features.shape[1], self.unit_length)


def trainable(train: Rows) -> str | None:
    """Why nothing can be fitted on these rows; None if something can."""
    photographs = train.where(train.photographs)
    if len(np.unique(photographs.targets)) < 2:
        return "fewer than two labels are left to train on"
    if not np.ptp(photographs.features, axis=0).any():
        return "the photographs left to train on are all alike"
    return None


def capture_groups(rows: Rows) -> tuple[list[str], list[int]]:
    """Capture groups that can be held out, because another group of the label can train.

    Returns:
        Their names; and the positions of labels with fewer than two groups, which cannot be tested.
    """
    names: set[str] = set()
    single = []
    for label in np.unique(rows.targets).tolist():
        groups = set(np.unique(rows.capture[rows.targets == label]).tolist()) - {""}
        if len(groups) > 1:
            names |= groups
        else:
            single.append(label)
    return sorted(names), single


def capture_folds(rows: Rows) -> Iterator[tuple[list[str], Flags]]:
    """Masks of rows to hold out together, with the names of their capture groups."""
    names, single = capture_groups(rows)
    testable = ~np.isin(rows.targets, single)
    if len(names) > 1:
        for start in range(min(MOST_FOLDS, len(names))):
            yield (
                names[start::MOST_FOLDS],
                np.isin(rows.capture, names[start::MOST_FOLDS]) & testable,
            )


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
    return [rows.with_copies(rows.photographs & (fold == number)) for number in range(folds)]


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


def thinned(train: Rows, weights: Matrix, most: int) -> tuple[Rows, Matrix]:
    """An even draw of studio rows per label, and the weights with which they stand for all."""
    chosen, heavier = train.own.copy(), np.ones(len(train))
    for label in np.unique(train.targets):
        studio = np.flatnonzero((train.targets == label) & ~train.own)
        if len(studio):
            step = -(-len(studio) // most)
            chosen[studio[::step]] = True
            heavier[studio] = len(studio) / len(studio[::step])
    return train.where(chosen), (weights * heavier)[chosen]
