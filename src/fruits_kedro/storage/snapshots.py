"""Snapshots: a dataset is what its pointer names, and the pointer is written last.

Layout under the dataset's folder::

    _current.json              the pointer: a copy of the newest snapshot's manifest
    _snapshots/<id>.json       manifests of the kept snapshots
    <part>/…                   immutable folders of files, each belonging to one or more snapshots

A save writes a new part, then the manifest, then the pointer. Whoever dies before the pointer is
written leaves an unreferenced part and nothing else. Replacing a dataset makes a snapshot of the
new part alone; adding to it makes a snapshot of the old parts and the new one. The protocol needs
no rename of folders, so that it is the same on an object store.
"""

import json
import logging
import re
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, join, read_bytes, replace_file

logger = logging.getLogger(__name__)

POINTER = "_current.json"
MANIFESTS = "_snapshots"
_PART_NAME = re.compile(r"part-[\w-]+")
"""What a manifest names is opened below the dataset's folder, and nowhere else."""


@dataclass(frozen=True)
class Part:
    """One immutable folder of a snapshot: its name, its rows, and what its writer notes of it."""

    name: str
    rows: int
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """One consistent state of a dataset."""

    id: str
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """Rows over all parts."""
        return sum(part.rows for part in self.parts)

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        content = {"id": self.id, "rows": self.rows, "parts": [asdict(p) for p in self.parts]}
        return json.dumps(content, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes, uri: str) -> "Snapshot":
        """Read a manifest. Raises FruitsError where it is not one."""
        try:
            manifest = json.loads(content)
            parts = tuple(Part(p["name"], p["rows"], p["notes"]) for p in manifest["parts"])
            if not all(_PART_NAME.fullmatch(part.name) for part in parts):
                raise ValueError("a part lies outside of the folder")
            return cls(str(manifest["id"]), parts)
        except (ValueError, KeyError, TypeError) as error:
            raise FruitsError(
                f"{uri} is not a snapshot pointer of this project ({error!r}): restore the file "
                f"from {MANIFESTS} beside it, or remove the folder and run again."
            ) from error


class SnapshotFolder:
    """The snapshots of one dataset.

    Args:
        uri: The dataset's folder, local or ``s3://``.
        keep: Snapshots that stay on disk, the newest included (at least 1).
    """

    def __init__(self, uri: str, keep: int = 2) -> None:
        self.uri = uri.rstrip("/")
        self._keep = max(1, keep)

    def current(self) -> Snapshot | None:
        """The newest complete snapshot, or None where nothing was ever saved."""
        uri = join(self.uri, POINTER)
        try:
            return Snapshot.from_json(read_bytes(uri), uri)
        except FileNotFoundError:
            return None

    def part_uri(self, part: Part | str) -> str:
        """Where a part's files are."""
        return join(self.uri, part if isinstance(part, str) else part.name)

    @staticmethod
    def new_part_name() -> str:
        """A name no other part has, in the order of time."""
        return f"part-{_stamp()}"

    def replace(self, *parts: Part) -> Snapshot:
        """Make ``parts`` the whole dataset."""
        return self._commit(parts)

    def add(self, part: Part) -> Snapshot:
        """Add ``part`` to what the dataset holds."""
        current = self.current()
        return self._commit((*(current.parts if current else ()), part))

    def find(self, **values: Any) -> Part | None:
        """The newest part of the current snapshot whose notes hold all of ``values``."""
        snapshot = self.current()
        for part in reversed(snapshot.parts if snapshot else ()):
            if all(part.notes.get(key) == value for key, value in values.items()):
                return part
        return None

    def tidy(self) -> None:
        """Remove what a save that never finished left behind."""
        fs, root = filesystem(self.uri)
        if fs.exists(root):
            self._forget_unfinished()
            self.prune()

    def prune(self, keep: int | None = None) -> list[str]:
        """Remove manifests beyond the number to keep, and parts no kept manifest names.

        Args:
            keep: Another number to keep than the folder's own, this once.

        Returns:
            The names of the removed parts.
        """
        fs, root = filesystem(self.uri)
        keep = keep or self._keep
        kept = self._kept()
        for path in self._manifest_paths()[keep:]:
            fs.rm_file(path)
        named = {part.name for snapshot in kept[:keep] for part in snapshot.parts}
        removed = []
        for path in fs.ls(root, detail=False, refresh=True):
            name = path.rstrip("/").rsplit("/", 1)[-1]
            if name.startswith("part-") and name not in named:
                fs.rm(path, recursive=True)
                removed.append(name)
        return removed

    def files(self, part: Part | str) -> dict[str, int]:
        """Bytes of every file of a part, by its name below the part."""
        fs, root = filesystem(self.part_uri(part))
        found = fs.find(root, detail=True)
        return {path[len(root) :].lstrip("/"): info["size"] for path, info in found.items()}

    def size(self) -> int:
        """Bytes of everything in the folder, kept snapshots and left-overs included."""
        fs, root = filesystem(self.uri)
        return int(fs.du(root)) if fs.exists(root) else 0

    def _commit(self, parts: tuple[Part, ...]) -> Snapshot:
        self._forget_unfinished()
        snapshot = Snapshot(_stamp(), parts)
        replace_file(join(self.uri, MANIFESTS, f"{snapshot.id}.json"), snapshot.to_json())
        replace_file(join(self.uri, POINTER), snapshot.to_json())
        logger.debug("Snapshot %s of %s: %d rows", snapshot.id, self.uri, snapshot.rows)
        self.prune()
        return snapshot

    def _forget_unfinished(self) -> None:
        """Remove manifests whose save died before the pointer: they never were the dataset."""
        current = self.current()
        fs, _ = filesystem(self.uri)
        for path in self._manifest_paths():
            stem = path.rsplit("/", 1)[-1].removesuffix(".json")
            if current is None or stem > current.id:
                fs.rm_file(path)

    def _manifest_paths(self) -> list[str]:
        fs, folder = filesystem(join(self.uri, MANIFESTS))
        try:
            paths = fs.ls(folder, detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return sorted((p for p in paths if p.endswith(".json")), reverse=True)

    def _kept(self) -> list[Snapshot]:
        current = self.current()
        snapshots = [Snapshot.from_json(read_bytes(p), p) for p in self._readable_manifests()]
        others = [s for s in snapshots if current is None or s.id != current.id]
        return ([current] if current else []) + others

    def _readable_manifests(self) -> list[str]:
        scheme = self.uri.split("://", 1)[0] + "://" if "://" in self.uri else ""
        return [scheme + path for path in self._manifest_paths()]


def _stamp() -> str:
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return f"{now}-{uuid.uuid4().hex[:6]}"
