"""Sums over rows of features, from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so rows can be streamed from storage, and the sums of parts
can be added and subtracted: a fit without some rows needs only the sums of those.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, to_unit_length

BLOCK = 1024
"""Rows per block. Blocks are counted from the first row, because the last bits of a sum depend on
the order of additions."""

Batch = tuple[Features, Targets, Matrix]
"""Features ``(n, n_features)``, position of each row's label, and how much each row counts."""


@dataclass(frozen=True)
class Moments:
    """Sums over weighted rows, float64."""

    counts: Matrix  # (labels,), weight of the rows of each label
    totals: Matrix  # (labels, n_features), weighted sum of the rows of each label
    products: Matrix  # (n_features, n_features), weighted sum of the outer products of all rows
    rows: int  # how many rows there are, whatever their weights
    unit_length: bool  # whether each row is brought to length 1 before it is added

    @classmethod
    def of(cls, batches: Iterable[Batch], n_labels: int, unit_length: bool) -> "Moments":
        """Sums over the rows of at least one batch.

        Equal rows in equal order give equal bits, however they are batched.
        """
        from threadpoolctl import threadpool_limits

        sums: list[Any] = [0.0, 0.0, 0.0]
        rows = 0
        for features, targets, weights in _blocks(batches):
            values = features.astype(np.float64)
            if unit_length:
                values = to_unit_length(values)
            members = np.equal.outer(np.arange(n_labels), targets) * weights
            halves = values * np.sqrt(weights)[:, np.newaxis]
            # One thread adds in the same order in every run.
            with threadpool_limits(1, user_api="blas"):
                parts = members.sum(axis=1), members @ values, halves.T @ halves
            sums = [total + part for total, part in zip(sums, parts, strict=True)]
            rows += len(targets)
        counts, totals, products = sums
        return cls(counts, totals, products, rows, unit_length)

    def __add__(self, other: "Moments") -> "Moments":
        return self._combined(other, 1)

    def __sub__(self, other: "Moments") -> "Moments":
        """Sums without the rows of ``other``, which must be among them."""
        return self._combined(other, -1)

    @property
    def weight(self) -> float:
        """The weight of all rows."""
        return float(self.counts.sum())

    @property
    def mean(self) -> Matrix:
        """``(n_features,)``, the weighted mean of all rows."""
        mean: Matrix = self.totals.sum(axis=0) / self.weight
        return mean

    @property
    def covariance(self) -> Matrix:
        """``(n_features, n_features)``, of the population."""
        return self.products / self.weight - np.outer(self.mean, self.mean)

    @property
    def within_labels(self) -> Matrix:
        """``(n_features, n_features)``, the covariance of rows about the mean of their label."""
        scale = np.sqrt(np.where(self.counts > 0, self.counts, np.inf))
        means = self.totals / scale[:, np.newaxis]
        return (self.products - means.T @ means) / self.weight

    @property
    def constant(self) -> Flags:
        """``(n_features,)``, whether a feature is constant up to rounding."""
        squared = self.mean**2
        rounding = 10 * np.finfo(np.float64).eps * self.rows * squared
        return np.asarray(np.diag(self.products) / self.weight - squared <= rounding)

    def _combined(self, other: "Moments", sign: int) -> "Moments":
        names = ("counts", "totals", "products", "rows")
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in names}
        return replace(self, **{name: a + sign * b for name, (a, b) in pairs.items()})


def _blocks(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Rows of the batches in blocks of equal size; the last one may be smaller, or empty."""
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        held = sum(len(targets) for _, targets, _ in waiting)
        if held >= BLOCK:
            features, targets, weights = map(np.concatenate, zip(*waiting, strict=True))
            whole = held - held % BLOCK
            for start in range(0, whole, BLOCK):
                block = slice(start, start + BLOCK)
                yield features[block], targets[block], weights[block]
            waiting = [(features[whole:].copy(), targets[whole:], weights[whole:])]
    features, targets, weights = map(np.concatenate, zip(*waiting, strict=True))
    yield features, targets, weights
