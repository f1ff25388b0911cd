"""One recursive listing of an image folder, local or on an object store.

Spark's ``binaryFile`` silently drops zero-byte files and names that start with ``_`` or ``.``,
stops at a ``:`` and follows a symbolic link in circles; this listing accounts for every file.
"""

import hashlib
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, is_local, local_path

LISTING_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("relative_path", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("modified", pa.string(), nullable=False),
        pa.field("name_is_utf8", pa.bool_(), nullable=False),
    ]
)


@dataclass(frozen=True)
class FoundFile:
    """One regular file below the image folder.

    Attributes:
        path: How to open it again: an absolute path or a URI.
        relative_path: The same below the image folder, with ``/`` between folders.
        size: Bytes.
        modified: Nanoseconds of the last change, or the object's ETag; equal means unchanged.
    """

    path: str
    relative_path: str
    size: int
    modified: str


@dataclass(frozen=True)
class Listing:
    """What lies below an image folder.

    Attributes:
        uri: The folder.
        files: Candidate photographs, ``LISTING_SCHEMA``, in the order of their paths.
        ignored: Files that are not looked at, counted by extension (``hidden`` for hidden ones).
    """

    uri: str
    files: pa.Table
    ignored: dict[str, int]

    def digest(self) -> str:
        """Hexadecimal sha256 of everything listed."""
        digest = hashlib.sha256(json.dumps([self.uri, self.ignored]).encode())
        for column in self.files.columns:
            digest.update(json.dumps(column.to_pylist()).encode())
        return digest.hexdigest()


def list_photographs(uri: str, extensions: frozenset[str]) -> Listing:
    """List an image folder once, recursively.

    Args:
        uri: The folder, local or of any filesystem fsspec knows.
        extensions: Lower-case extensions of candidate photographs, without the dot.

    Raises:
        FruitsError: Where there is no such folder, or it cannot be listed.
    """
    ignored: Counter[str] = Counter()
    found: list[FoundFile] = []
    for file in _walk(uri):
        kind = _ignored_as(file.relative_path, extensions)
        if kind is None:
            found.append(file)
        else:
            ignored[kind] += 1
    return Listing(uri, _to_table(found), dict(sorted(ignored.items())))


def walk_candidates(uri: str, extensions: frozenset[str]) -> Iterator[FoundFile]:
    """Candidate photographs as they are found, in no order; see ``list_photographs``."""
    return (file for file in _walk(uri) if _ignored_as(file.relative_path, extensions) is None)


def _walk(uri: str) -> Iterator[FoundFile]:
    if is_local(uri):
        return _walk_disk(local_path(uri))
    return _walk_store(uri)


def _walk_disk(root: str) -> Iterator[FoundFile]:
    if not os.path.isdir(root):
        raise FruitsError(
            f"The image folder {root} does not exist: name one that does with "
            "--params=images=FOLDER or the environment variable FRUITS_IMAGES."
        )
    folders, links = [root], list[str]()
    seen: set[tuple[int, int]] = set()
    while folders or links:
        # Links last and in order, so that what they lead to is listed under its own name.
        folder = folders.pop() if folders else links.pop(links.index(min(links)))
        identity = _identity(folder)
        if identity is None or identity in seen:
            continue
        seen.add(identity)
        for entry in _entries(folder):
            try:
                status = _status(entry)
            except FileNotFoundError:  # gone since
                continue
            except OSError:  # it cannot be looked at, and is accounted for when it cannot be read
                status = None
            mode = status.st_mode if status else _mode_by_name(entry)
            if stat.S_ISDIR(mode):
                (links if entry.is_symlink() else folders).append(entry.path)
            elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
                size, modified = (status.st_size, status.st_mtime_ns) if status else (0, 0)
                yield FoundFile(entry.path, relative, size, str(modified))


def _identity(folder: str) -> tuple[int, int] | None:
    """Device and inode, which see through links; None for a folder that is gone since."""
    try:
        status = os.stat(folder)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    """Of what a link leads to, or of a broken link itself."""
    with suppress(OSError):
        return entry.stat()
    return entry.stat(follow_symlinks=False)


def _mode_by_name(entry: os.DirEntry[str]) -> int:
    """Folder or file, as the folder above says: one may be listed and not entered (right x)."""
    return stat.S_IFDIR if entry.is_dir(follow_symlinks=False) else stat.S_IFREG


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise FruitsError(
            f"The folder {folder} cannot be listed ({error.strerror}): give the user of this run "
            "the right to read it, or move it out of the image folder."
        ) from error


def _walk_store(uri: str) -> Iterator[FoundFile]:
    fs, root = filesystem(uri)
    scheme = uri.split("://", 1)[0]
    try:
        entries: dict[str, dict[str, Any]] = fs.find(root, detail=True)
    except Exception as error:  # each client of a store has errors of its own
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise FruitsError(
            f"The image folder {uri} cannot be listed ({first}): check the bucket's name, the "
            "region, the credentials and the right s3:ListBucket."
        ) from error
    if not entries:
        raise FruitsError(f"There is nothing below {uri}: check the bucket and the prefix.")
    for path, entry in entries.items():
        if entry["type"] == "file" and not path.endswith("/"):
            modified = entry.get("ETag") or entry.get("LastModified") or entry.get("mtime") or ""
            relative = path[len(root) :].lstrip("/")
            yield FoundFile(f"{scheme}://{path}", relative, int(entry["size"]), str(modified))


def _ignored_as(relative_path: str, extensions: frozenset[str]) -> str | None:
    parts = relative_path.split("/")
    if any(part.startswith(".") for part in parts):
        return "hidden"
    extension = os.path.splitext(parts[-1])[1].lstrip(".").lower()
    if extension in extensions:
        return None
    return _readable(extension) or "(none)"


def _to_table(found: list[FoundFile]) -> pa.Table:
    found.sort(key=lambda file: file.path)
    columns = [
        [_readable(file.path) for file in found],
        [_readable(file.relative_path) for file in found],
        [file.size for file in found],
        [file.modified for file in found],
        [_is_utf8(file.path) for file in found],
    ]
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, LISTING_SCHEMA, strict=True)],
        schema=LISTING_SCHEMA,
    )


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> str:
    """``text`` with bytes that are no UTF-8 written as ``\\xNN``."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")
