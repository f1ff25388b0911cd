"""What datasets of models share: a folder of snapshots."""

from typing import Any, TypeVar

from kedro.io import AbstractDataset

from fruits_kedro.storage.snapshots import SnapshotFolder

Artefact = TypeVar("Artefact")


class ArtefactDataset(AbstractDataset[Artefact, Artefact]):
    """A model kept as snapshots; how it is loaded and saved is the subclass's.

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self._folder = SnapshotFolder(filepath)
        self.metadata = metadata

    def tidy(self) -> None:
        """Remove parts and manifests that no kept snapshot names."""
        self._folder.tidy()

    def snapshot_id(self) -> str | None:
        """The newest snapshot, or None where there is none."""
        snapshot = self._folder.current()
        return snapshot.id if snapshot else None

    def _exists(self) -> bool:
        return self.snapshot_id() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
