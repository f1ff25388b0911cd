"""What datasets of models share: a folder of snapshots."""

from typing import Any, TypeVar

from fruits_kedro.datasets.snapshots import SnapshotDataset
from fruits_kedro.storage.snapshots import SnapshotFolder

Artefact = TypeVar("Artefact")


class ArtefactDataset(SnapshotDataset[Artefact, Artefact]):
    """A model kept as snapshots; how it is loaded and saved is the subclass's.

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self._folder = SnapshotFolder(filepath)
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
