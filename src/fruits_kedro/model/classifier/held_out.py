"""Predictions of train photographs by classifiers that did not see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier.calibration import Flags, Targets
from fruits_kedro.model.classifier.regression import fit_softmax
from fruits_kedro.model.classifier.softmax import Matrix
from fruits_kedro.model.classifier.train_rows import DriverRows
from fruits_kedro.model.matrices import rows_of
from fruits_kedro.model.moments import sum_matrix_moments
from fruits_kedro.model.reducer import Reducer, fit_reducer
from fruits_kedro.parameters.classification import (
    CalibrationParameters,
    LogisticRegressionParameters,
)
from fruits_kedro.photos.labels import parse_capture

if TYPE_CHECKING:
    import pyarrow as pa

Names = npt.NDArray[np.str_]
Features = npt.NDArray[np.float32]
MOST_FOLDS = 5
"""Capture groups are put together into so many; each fold is a fit."""


@dataclass(frozen=True)
class Copies:
    """Augmented copies of train rows, which train where their photograph does.

    Attributes:
        features: ``(copies, n_features)`` float32.
        photographs: ``(copies,)``, positions of their photographs in ``Rows``.
    """

    features: Features
    photographs: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: "pa.Table", photographs: Sequence[str], n_features: int) -> "Copies":
        """Of ``sha256``, ``variant`` and ``features``.

        Args:
            table: The copies; those of other photographs are left out.
            photographs: sha256 of the rows, in their order.
            n_features: Features of a row.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        table = table.filter(pc.is_in(table["sha256"], pa.array(photographs, pa.string())))
        table = table.sort_by([("sha256", "ascending"), ("variant", "ascending")])
        place = {sha256: position for position, sha256 in enumerate(photographs)}
        positions = [place[sha256] for sha256 in table["sha256"].to_pylist()]
        return cls(_features(table, n_features), np.array(positions, np.int64))


@dataclass(frozen=True)
class Rows:
    """Train rows on the driver, in the order of their sha256.

    Attributes:
        features: ``(rows, n_features)`` float32.
        targets: ``(rows,)``, positions in ``labels``.
        labels: In order.
        captures: ``(rows,)``, the capture group of each; empty where its name tells none.
        positions: ``(rows,)``, counted within each label by sha256.
        copies: Augmented copies of these rows.
    """

    features: Features
    targets: Targets
    labels: tuple[str, ...]
    captures: Names
    positions: npt.NDArray[np.int64]
    copies: Copies

    @classmethod
    def of(
        cls, table: "pa.Table", copies: "pa.Table", labels: Sequence[str], pattern: str
    ) -> "Rows":
        """Of ``path``, ``sha256``, ``label`` and ``features``.

        Args:
            table: The rows.
            copies: See ``Copies.of``.
            labels: All labels there are.
            pattern: See ``photos.labels.parse_capture``.
        """
        table = table.sort_by("sha256")
        place = {label: position for position, label in enumerate(labels)}
        targets = np.array([place[label] for label in table["label"].to_pylist()], np.int64)
        positions = np.zeros(len(targets), np.int64)
        for label in range(len(labels)):
            positions[targets == label] = np.arange((targets == label).sum())
        captures = [parse_capture(path, pattern) or "" for path in table["path"].to_pylist()]
        features = _features(table)
        variants = Copies.of(copies, table["sha256"].to_pylist(), features.shape[1])
        named = np.array(captures, np.str_)
        return cls(features, targets, tuple(labels), named, positions, variants)


def _features(table: "pa.Table", n_features: int = 0) -> Features:
    blocks = [rows_of(chunk) for chunk in table["features"].chunks if len(chunk)]
    return np.concatenate(blocks) if blocks else np.zeros((0, n_features), np.float32)


@dataclass(frozen=True)
class Refits:
    """How reducer and classifier are fitted without the rows that are held out.

    Attributes:
        reducer: The kept one, whose number of components and kind of scaling they have.
        shrinkage: See ``reducer.fit_reducer``.
        regression: How the classifier is trained.
    """

    reducer: Reducer
    shrinkage: float | None
    regression: LogisticRegressionParameters

    def fit_reducer(self, features: Features, labels: Sequence[str], targets: Targets) -> Reducer:
        """A reducer of these rows alone."""
        moments = sum_matrix_moments(features, self.reducer.unit_length, labels, targets)
        k = min(self.reducer.k, len(features) - 1)
        return fit_reducer(moments, k, self.reducer.fingerprint, self.shrinkage)


@dataclass(frozen=True)
class HeldOut:
    """What classifiers said of photographs, and of copies of them, that they were not trained on.

    Attributes:
        by: How photographs were held out, in words.
        logits: ``(rows, labels)`` float64; minus infinity of labels that did not train.
        targets: ``(rows,)``.
        copies: ``(rows,)``, whether a row is an augmented copy.
    """

    by: str
    logits: Matrix
    targets: Targets
    copies: Flags

    @property
    def photographs(self) -> int:
        """How many rows are no copies."""
        return int((~self.copies).sum())

    @property
    def finite_logits(self) -> Matrix:
        """Logits where a label that did not train is as unlikely as the least likely that did."""
        least = np.where(np.isfinite(self.logits), self.logits, np.inf).min(axis=1, keepdims=True)
        return np.maximum(self.logits, least)


def predict_held_out(
    rows: Rows, refits: Refits, parameters: CalibrationParameters
) -> HeldOut | None:
    """Refit with photographs left out, and predict those and their copies.

    Whole capture groups are left out where labels have several: a frame whose neighbour trained is
    always right. Copies are left out with their photograph. The reducer is refitted too, since what
    sets photographs of one label apart is part of it.

    Returns:
        None where nothing can be held out.
    """
    by, folds = _folds(rows, parameters.held_out_share)
    parts = [part for part in (_predict(rows, out, refits) for out in folds) if part]
    if not parts:
        return None
    logits, targets, copies = (np.concatenate(values) for values in zip(*parts, strict=True))
    return HeldOut(by, logits, targets, copies)


def _folds(rows: Rows, share: float) -> tuple[str, list[Flags]]:
    groups: dict[int, set[str]] = {}
    for label in range(len(rows.labels)):
        groups[label] = set(rows.captures[rows.targets == label].tolist()) - {""}
    several = [label for label, names in groups.items() if len(names) > 1]
    names = sorted({name for label in several for name in groups[label]})
    if len(names) > 1:
        testable = np.isin(rows.targets, several)
        parts = [names[start::MOST_FOLDS] for start in range(min(MOST_FOLDS, len(names)))]
        return "capture groups", [np.isin(rows.captures, part) & testable for part in parts]
    counts = np.bincount(rows.targets, minlength=len(rows.labels))
    out = rows.positions < np.floor(share * counts)[rows.targets]
    return "a stratified share", [out]


def _predict(rows: Rows, out: Flags, refits: Refits) -> tuple[Matrix, Targets, Flags] | None:
    trained = np.unique(rows.targets[~out])
    # A label that is held out as a whole cannot be right.
    out = out & np.isin(rows.targets, trained)
    if len(trained) < 2 or not out.any():
        return None
    train = np.isin(rows.targets, trained) & ~out
    features, labels, _ = _with_copies(rows, train)
    counts = {rows.labels[label]: int((labels == label).sum()) for label in trained}
    targets = np.searchsorted(trained, labels)
    reducer = refits.fit_reducer(features, tuple(counts), targets)
    components = reducer.transform(features).astype(np.float64)
    classifier = fit_softmax(DriverRows(components, targets), counts, "", refits.regression)
    asked, answers, copies = _with_copies(rows, out)
    known = classifier.logits(reducer.transform(asked).astype(np.float64))
    logits = np.full((len(known), len(rows.labels)), -np.inf)
    logits[:, trained] = known
    return logits, answers, copies


def _with_copies(rows: Rows, chosen: Flags) -> tuple[Features, Targets, Flags]:
    """Photographs and their copies: features, targets, and which of them are copies."""
    copies = chosen[rows.copies.photographs]
    features = np.concatenate((rows.features[chosen], rows.copies.features[copies]))
    of_copies = rows.targets[rows.copies.photographs[copies]]
    targets = np.concatenate((rows.targets[chosen], of_copies))
    return features, targets, np.arange(len(targets)) >= chosen.sum()
