"""Sums over rows of features, from which scaler and PCA are fitted.

A covariance matrix is a sum over rows, so rows can be streamed from storage, and the sums of parts
can be added and subtracted: a fit without some rows needs only the sums of those.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, to_unit_length

BLOCK = 1024
"""Rows per block. Blocks are counted from the first added row, because the last bits of a sum
depend on the order of additions."""


@dataclass(frozen=True)
class Moments:
    """Sums over weighted rows, float64.

    Attributes:
        counts: ``(labels,)``, weight of the rows of each label.
        totals: ``(labels, n_features)``, the weighted sum of these.
        products: ``(n_features, n_features)``, the weighted sum of the outer products of all rows.
        rows: How many rows were added, whatever their weights.
        unit_length: Whether each row is brought to length 1 before it is added.
        waiting: Rows of an incomplete block, with their labels and weights.
    """

    counts: Matrix
    totals: Matrix
    products: Matrix
    rows: int
    unit_length: bool
    waiting: tuple[tuple[Features, Targets, Matrix], ...] = field(default=())

    @classmethod
    def empty(cls, n_labels: int, n_features: int, unit_length: bool) -> "Moments":
        """Sums over no rows."""
        return cls(
            np.zeros(n_labels),
            np.zeros((n_labels, n_features)),
            np.zeros((n_features, n_features)),
            0,
            unit_length,
        )

    def add(self, features: Features, targets: Targets, weights: Matrix | None = None) -> "Moments":
        """Sums with further rows. Equal rows in equal order give equal bits.

        Args:
            features: ``(n, n_features)`` float32.
            targets: ``(n,)`` int64, the position of each row's label.
            weights: ``(n,)``, how much each row counts; None counts each as 1.
        """
        weights = np.ones(len(targets)) if weights is None else weights
        waiting = [*self.waiting, (features, targets, weights)]
        held = sum(len(block[1]) for block in waiting)
        if held < BLOCK:
            return replace(self, waiting=tuple(waiting), rows=self.rows + len(targets))
        together = [np.concatenate(parts) for parts in zip(*waiting, strict=True)]
        whole = held - held % BLOCK
        sums = self.counts.copy(), self.totals.copy(), self.products.copy()
        for start in range(0, whole, BLOCK):
            self._add_block(sums, *(part[start : start + BLOCK] for part in together))
        left = tuple(part[whole:].copy() for part in together)
        return Moments(
            *sums,
            self.rows + len(targets),
            self.unit_length,
            (left,) if len(left[1]) else (),  # type: ignore[arg-type]
        )

    def complete(self) -> "Moments":
        """Include the waiting rows. Adding further rows afterwards gives other bits."""
        if not self.waiting:
            return self
        sums = self.counts.copy(), self.totals.copy(), self.products.copy()
        self._add_block(sums, *(np.concatenate(p) for p in zip(*self.waiting, strict=True)))
        return Moments(*sums, self.rows, self.unit_length)

    def __add__(self, other: "Moments") -> "Moments":
        """Sums over the rows of both."""
        return self._combined(other, 1)

    def __sub__(self, other: "Moments") -> "Moments":
        """Sums without the rows of ``other``, which must be among them."""
        return self._combined(other, -1)

    @property
    def total(self) -> Matrix:
        """``(n_features,)``, the weighted sum of all rows."""
        total: Matrix = self.totals.sum(axis=0)
        return total

    @property
    def weight(self) -> float:
        """The weight of all rows."""
        return float(self.counts.sum())

    @property
    def covariance(self) -> Matrix:
        """``(n_features, n_features)``, of the population."""
        mean = self.total / self.weight
        return self.products / self.weight - np.outer(mean, mean)

    @property
    def within_labels(self) -> Matrix:
        """``(n_features, n_features)``, the covariance of rows about the mean of their label."""
        scale = np.sqrt(np.where(self.counts > 0, self.counts, np.inf))
        means = self.totals / scale[:, np.newaxis]
        return (self.products - means.T @ means) / self.weight

    @property
    def constant(self) -> Flags:
        """``(n_features,)``, whether a feature is constant up to rounding."""
        mean = self.total / self.weight
        rounding = 10 * np.finfo(np.float64).eps * self.rows * mean**2
        variance = np.diag(self.products) / self.weight - mean**2
        return np.asarray(variance <= rounding)

    @property
    def are_alike(self) -> bool:
        """Whether all rows are equal."""
        return bool(self.complete().constant.all())

    def _add_block(
        self,
        sums: tuple[Matrix, Matrix, Matrix],
        features: Features,
        targets: Targets,
        weights: Matrix,
    ) -> None:
        from threadpoolctl import threadpool_limits

        counts, totals, products = sums
        values = features.astype(np.float64)
        if self.unit_length:
            values = to_unit_length(values)
        members = np.equal.outer(np.arange(len(counts)), targets) * weights
        halves = values * np.sqrt(weights)[:, np.newaxis]
        # One thread adds in the same order in every run.
        with threadpool_limits(1, user_api="blas"):
            counts += members.sum(axis=1)
            totals += members @ values
            products += halves.T @ halves

    def _combined(self, other: "Moments", sign: int) -> "Moments":
        first, second = self.complete(), other.complete()
        return Moments(
            first.counts + sign * second.counts,
            first.totals + sign * second.totals,
            first.products + sign * second.products,
            first.rows + sign * second.rows,
            first.unit_length,
        )
