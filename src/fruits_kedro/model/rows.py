"""Features of photographs and augmented copies in memory, for fits on the driver."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.matrices import Features, Flags, Matrix, Targets

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Rows:
    """Photographs and copies, ordered by (sha256, variant); each array has ``n`` rows."""

    sha256: Names  # of the photograph
    variant: npt.NDArray[np.int32]  # 0 is the photograph, copies count from 1
    features: Features  # (n, n_features)
    labels: tuple[str, ...]  # all labels, sorted; some may have no row
    targets: Targets  # position of each row's label in labels
    split: Names  # train, test or validation
    capture: Names  # capture group (one turn of one fruit); empty if none is known
    place: Names  # where own photographs were taken; empty if that is not known
    own: Flags  # own photographs (the input ``own``) and copies of them

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def photographs(self) -> Flags:
        """``(n,)``, which rows are photographs and not copies."""
        return self.variant == 0

    def where(self, mask: Flags) -> "Rows":
        """The rows of a mask ``(n,)``; ``labels`` stay."""
        names = [field.name for field in fields(self) if field.name != "labels"]
        return replace(self, **{name: getattr(self, name)[mask] for name in names})

    def with_labels(self, labels: Sequence[str]) -> "Rows":
        """Rows of these labels, which are sorted, with targets among them."""
        place = {name: position for position, name in enumerate(labels)}
        moved = np.array([place.get(name, -1) for name in self.labels], np.int64)
        known = self.where(moved[self.targets] >= 0)
        return replace(known, labels=tuple(labels), targets=moved[known.targets])

    def with_copies(self, mask: Flags) -> Flags:
        """A mask ``(n,)`` of photographs, extended to their copies; copies in it do not count."""
        group = np.cumsum(self.sha256 != np.roll(self.sha256, 1))
        chosen = np.zeros(len(self) + 1, np.bool_)
        chosen[group[mask & self.photographs]] = True
        return chosen[group]


def own_weights(targets: Targets, own: Flags, share: float) -> Matrix:
    """``(n,)`` float64, how much each row counts in a fit.

    A row of the studio counts 1. Own photographs of a label, copies included, count together for
    ``share`` of the label's weight, whatever their number. A label that has no other photographs,
    or no own ones, keeps 1 a row.

    Args:
        targets: ``(n,)``, position of each row's label.
        own: ``(n,)``, which rows are own photographs and copies of them.
        share: Above 0 and below 1 (``own.share``).
    """
    labels = int(targets.max(initial=-1)) + 1
    studio = np.bincount(targets[~own], minlength=labels)
    others = np.bincount(targets[own], minlength=labels)
    both = (studio > 0) & (others > 0)
    each = np.where(both, studio * share / (1 - share) / np.maximum(others, 1), 1.0)
    return np.where(own, each[targets], 1.0)
