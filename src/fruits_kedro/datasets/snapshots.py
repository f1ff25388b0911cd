"""What datasets that are kept as snapshots share."""

from typing import TypeVar

from kedro.io import AbstractDataset

from fruits_kedro.storage.snapshots import SnapshotFolder

In = TypeVar("In")
Out = TypeVar("Out")


class SnapshotDataset(AbstractDataset[In, Out]):
    """A dataset that is known by its newest snapshot; what it holds is the subclass's."""

    _folder: SnapshotFolder

    def tidy(self) -> None:
        """Remove parts and manifests that no kept snapshot names."""
        self._folder.tidy()

    def snapshot_id(self) -> str | None:
        """The newest snapshot, or None where there is none."""
        snapshot = self._folder.current()
        return snapshot.id if snapshot else None

    def _exists(self) -> bool:
        return self.snapshot_id() is not None
