"""What state a dataset is in, without reading it."""

from typing import Any, Protocol, runtime_checkable

from fruits_kedro.storage.files import filesystem


@runtime_checkable
class HasSnapshots(Protocol):
    """A dataset kept as snapshots."""

    def snapshot_id(self) -> str | None:
        """The newest snapshot, or None where there is none."""


def identity(dataset: Any) -> str | None:
    """Text that changes when the stored dataset does; None where it is not there or not known.

    The snapshot of a table or model; of a single file, what the filesystem says of it (size and
    time, or ETag). A dataset whose absence is allowed is known by it, and one that says it is
    ``volatile`` always counts as the same.
    """
    if getattr(dataset, "volatile", False):
        return "volatile"
    return _stored_identity(dataset) or (
        "missing" if getattr(dataset, "missing_ok", False) else None
    )


def _stored_identity(dataset: Any) -> str | None:
    if isinstance(dataset, HasSnapshots):
        return dataset.snapshot_id()
    uri = getattr(dataset, "uri", None)
    if uri is None:
        return None
    fs, path = filesystem(uri)
    try:
        return str(fs.ukey(path))
    except FileNotFoundError:
        return None
