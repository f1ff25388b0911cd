"""Features of photographs and augmented copies in memory, for fits on the driver."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets, rows_of

if TYPE_CHECKING:
    import pyarrow as pa

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Rows:
    """Photographs and copies, ordered by (sha256, variant).

    Attributes:
        sha256: ``(n,)``, of the photograph.
        variant: ``(n,)`` int32: 0 is the photograph, copies count from 1.
        features: ``(n, n_features)`` float32.
        labels: All labels, sorted; some may have no row.
        targets: ``(n,)`` int64, the position of each row's label in ``labels``.
        split: ``(n,)``: train, test or validation.
        capture: ``(n,)``, the capture group (one turn of one fruit); empty if none is known.
        place: ``(n,)``, where own photographs were taken; empty if that is not known.
        own: ``(n,)`` bool, own photographs (the input ``own``) and copies of them.
    """

    sha256: Names
    variant: npt.NDArray[np.int32]
    features: Features
    labels: tuple[str, ...]
    targets: Targets
    split: Names
    capture: Names
    place: Names
    own: Flags

    @classmethod
    def of(cls, table: "pa.Table", labels: Sequence[str] | None = None) -> "Rows":
        """Rows of a table, sorted.

        Args:
            table: ``sha256``, ``variant``, ``label``, ``split``, ``capture`` and ``place`` (null
                where unknown), ``source`` (``images`` or ``own``) and ``features``.
            labels: All labels; by default those of the table.
        """
        table = table.sort_by([("sha256", "ascending"), ("variant", "ascending")])
        label = _names(table, "label")
        known = tuple(sorted(labels if labels is not None else np.unique(label).tolist()))
        return cls(
            _names(table, "sha256"),
            table["variant"].to_numpy().astype(np.int32),
            rows_of(table["features"], -1 if table.num_rows else 0),
            known,
            _positions(label, known),
            _names(table, "split"),
            _names(table, "capture"),
            _names(table, "place"),
            _names(table, "source") == "own",
        )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def photographs(self) -> Flags:
        """``(n,)``, which rows are photographs and not copies."""
        return self.variant == 0

    def where(self, mask: Flags) -> "Rows":
        """The rows of a mask ``(n,)``; ``labels`` stay."""
        chosen = {
            field.name: getattr(self, field.name)[mask]
            for field in fields(self)
            if field.name != "labels"
        }
        return replace(self, **chosen)

    def with_labels(self, labels: Sequence[str]) -> "Rows":
        """Rows of these labels, which are sorted, with targets among them."""
        place = {name: position for position, name in enumerate(labels)}
        moved = np.array([place.get(name, -1) for name in self.labels], np.int64)
        known = self.where(moved[self.targets] >= 0)
        return replace(known, labels=tuple(labels), targets=moved[known.targets])

    def with_copies(self, mask: Flags) -> Flags:
        """A mask of photographs, extended to their copies.

        Args:
            mask: ``(n,)``; only its photographs count.
        """
        chosen = np.zeros(len(self), np.bool_)
        chosen[self._groups[mask & self.photographs]] = True
        return chosen[self._groups]

    def projected(self, basis: Matrix) -> "Rows":
        """The rows on a few directions only, for many fits.

        Args:
            basis: ``(n_features, m)``, orthonormal columns.
        """
        return replace(self, features=self.features @ basis.astype(np.float32))

    def weights(self, share: float) -> Matrix:
        """``(n,)`` float64, how much each row counts in a fit.

        A row of the studio counts 1. Own photographs of a label, copies included, count
        together for ``share`` of the label's weight, whatever their number. A label that has no
        other photographs, or no own ones, keeps 1 a row.

        Args:
            share: Above 0 and below 1 (``own.share``).
        """
        return own_weights(self.targets, self.own, share)

    @cached_property
    def _groups(self) -> npt.NDArray[np.int64]:
        """``(n,)``, a number for each photograph, which its copies share."""
        starts = np.ones(len(self), np.int64)
        starts[1:] = self.sha256[1:] != self.sha256[:-1]
        groups: npt.NDArray[np.int64] = np.cumsum(starts) - 1
        return groups


def _names(table: "pa.Table", column: str) -> Names:
    return np.array([value or "" for value in table[column].to_pylist()], np.str_)


def _positions(label: Names, labels: tuple[str, ...]) -> Targets:
    place = {name: position for position, name in enumerate(labels)}
    return np.array([place[name] for name in label.tolist()], np.int64)


def own_weights(targets: Targets, own: Flags, share: float) -> Matrix:
    """``(n,)`` float64, how much each row counts in a fit (see ``Rows.weights``).

    Args:
        targets: ``(n,)`` int64, the position of each row's label.
        own: ``(n,)``, which rows are own photographs and copies of them.
        share: Of a label's weight that its own photographs have, above 0 and below 1.
    """
    labels = int(targets.max(initial=-1)) + 1
    studio = np.bincount(targets[~own], minlength=labels)
    others = np.bincount(targets[own], minlength=labels)
    both = (studio > 0) & (others > 0)
    each = np.where(both, studio * share / (1 - share) / np.maximum(others, 1), 1.0)
    return np.where(own, each[targets], 1.0)
