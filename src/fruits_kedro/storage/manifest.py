"""Folders whose content is what their manifest names; the manifest is written last.

The manifest of ``04_feature/features`` is the file ``04_feature/.features.manifest.json``. So the
folder itself holds data files and nothing else, and any tool can read it. A save writes new files,
then the manifest (by rename on a disk, one PUT on an object store), then removes the files that the
manifest no longer names. A save that is killed before leaves files that no manifest names;
``tidy`` removes them before the next run.
"""

import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.storage import lock
from fruits_kedro.storage.files import (
    filesystem,
    is_local,
    join,
    local_path,
    read_bytes,
    replace_file,
)

logger = logging.getLogger(__name__)

HASHED_BYTES = 64 << 20
"""Local folders and files up to this size are held to their sha256 (0.1 s), larger to sizes."""

_OURS = re.compile(r"\d{6}-\d{5}-[0-9a-f]{10}\.parquet|[\w-]+-[0-9a-f]{16}\.\w+")
"""Pattern of file names that this project writes; other files are never removed."""

_MANIFEST = re.compile(r"\.(.+)\.manifest\.json")

_FIRST_VERSION = "_current.json"
"""Name of a file in every folder of version 1, which kept its data in folders below."""


@dataclass(frozen=True)
class StoredFile:
    """One immutable file of a folder: bytes, hexadecimal digest, and rows (1 if it is no table)."""

    name: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One complete version of a folder: files in the order of rows, JSON values of the writer.

    ``version`` counts commits, from 1.
    """

    version: int
    files: tuple[StoredFile, ...]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows over all files."""
        return sum(file.rows for file in self.files)

    @cached_property
    def id(self) -> str:
        """Hexadecimal sha256 of content and notes: equal content has equal ids."""
        content = [(file.rows, file.sha256) for file in self.files]
        return hashlib.sha256(json.dumps([content, dict(self.notes)]).encode()).hexdigest()


class Folder:
    """A folder of immutable files, local or ``s3://``, and its manifest."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        parent, slash, name = self.uri.rpartition("/")
        self._manifest = f"{parent}{slash}.{name}.manifest.json"

    def current(self) -> Manifest | None:
        """The newest complete version; None if nothing was ever saved.

        Raises FruitsError if the manifest is not one of this project.
        """
        try:
            values = json.loads(read_bytes(self._manifest))
            files = tuple(StoredFile(**file) for file in values["files"])
            if not all(_OURS.fullmatch(file.name) for file in files):
                raise ValueError("a file is outside the folder")
            return Manifest(int(values["version"]), files, values["notes"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise FruitsError(
                f"{self._manifest} is not a manifest of this project ({error!r}): restore it, or "
                f"remove it and the folder {self.uri}, and run again."
            ) from error

    def verified(self) -> Manifest | None:
        """``current``. Raises FruitsError if a file is missing or was altered."""
        manifest = self.current()
        damage = self._damage(manifest) if manifest else None
        if damage:
            raise FruitsError(
                f"{damage}, so the storage is damaged: restore the file, or remove {self.uri} and "
                f"{self._manifest}, and run again."
            )
        return manifest

    def is_whole(self, manifest: Manifest) -> bool:
        """Whether every file of a manifest is present and what was written."""
        return self._damage(manifest) is None

    def next_version(self) -> int:
        """The version that the next commit makes."""
        current = self.current()
        return current.version + 1 if current else 1

    def commit(
        self, files: Sequence[StoredFile], notes: Mapping[str, Any] | None = None
    ) -> Manifest:
        """Make ``files`` the content of the folder; an equal current version is kept."""
        lock.require_held(self.uri)
        current = self.current()
        version = current.version + 1 if current else 1
        manifest = Manifest(version, tuple(files), dict(notes or {}))
        if current is not None and current.id == manifest.id and self.is_whole(current):
            manifest = current
        else:
            # 2 is the version of this layout.
            counts = {"format": 2, "version": manifest.version, "rows": manifest.rows}
            content = counts | asdict(manifest)
            replace_file(self._manifest, json.dumps(content, indent=1).encode())
        self._remove_others(manifest)
        return manifest

    def tidy(self) -> None:
        """Remove what no commit names: left by a killed save, or by version 1 of this project."""
        if _FIRST_VERSION in self._sizes():
            fs, root = filesystem(self.uri)
            fs.rm(root, recursive=True)
            logger.warning(
                "%s was written by version 1 of this project, which cannot be read any more: it "
                "was removed, and its content is computed again",
                self.uri,
            )
        if removed := self._remove_others(self.current()):
            logger.info(
                "Removed %d files of %s that no manifest names: a killed run left them, or the "
                "manifest was lost",
                removed,
                self.uri,
            )

    def _remove_others(self, manifest: Manifest | None) -> int:
        named = {file.name for file in manifest.files} if manifest else set()
        fs, root = filesystem(self.uri)
        others = [name for name in self._sizes() if name not in named and _OURS.fullmatch(name)]
        for name in others:
            fs.rm_file(f"{root}/{name}")
        return len(others)

    def _damage(self, manifest: Manifest) -> str | None:
        """What is wrong with the first damaged file; None if all are as they were written."""
        sizes = self._sizes()
        # Objects of a store do not rot, and reading them takes longer than writing them anew.
        is_hashed = is_local(self.uri) and sum(f.size for f in manifest.files) <= HASHED_BYTES
        for file in manifest.files:
            uri, found = join(self.uri, file.name), sizes.get(file.name)
            if found is None:
                return f"{uri} is missing"
            if found != file.size:
                return f"{uri} has {found} bytes instead of {file.size}"
            if is_hashed and _sha256(local_path(uri)) != file.sha256:
                return f"{uri} is not what was written (its sha256 differs)"
        return None

    def _sizes(self) -> dict[str, int]:
        fs, root = filesystem(self.uri)
        fs.invalidate_cache()  # the client of an object store caches listings
        return _entries(fs, root, "file")


def stored_folders(storage: str) -> Iterator[Folder]:
    """Every folder of a storage that has a manifest."""
    fs, root = filesystem(storage)
    for layer in _entries(fs, root, "directory"):
        for name in _entries(fs, f"{root}/{layer}", "file"):
            if found := _MANIFEST.fullmatch(name):
                yield Folder(join(storage, layer, found[1]))


def table_file_name(version: int, part: int, token: str) -> str:
    """Name of a table's file; names sort in the order of commits and parts.

    ``version`` is that of the manifest that will name it; ``token``, 10 hexadecimal digits, is
    unique to the save and attempt.
    """
    return f"{version:06d}-{part:05d}-{token}.parquet"


def new_token() -> str:
    """8 hexadecimal digits at random."""
    return secrets.token_hex(4)


def _entries(fs: Any, folder: str, kind: str) -> dict[str, int]:
    """Sizes of the entries of one kind in a folder, by name; none if it does not exist."""
    try:
        found = fs.ls(folder, detail=True)
    except FileNotFoundError:
        return {}
    named = {e["name"].rstrip("/").rsplit("/", 1)[-1]: e for e in found if e["type"] == kind}
    return {name: int(entry["size"] or 0) for name, entry in named.items()}


def _sha256(path: str) -> str:
    """Hexadecimal digest of a local file, computed once for each of its states."""
    state = os.stat(path)
    return _sha256_of_state(path, state.st_ino, state.st_mtime_ns, state.st_size)


@lru_cache(4096)
def _sha256_of_state(path: str, *_: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
