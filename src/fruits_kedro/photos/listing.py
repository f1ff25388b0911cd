"""One recursive listing of an image folder, local or on an object store, held in columns.

Every file is accounted for. Spark's ``binaryFile`` silently drops zero-byte files and names that
start with ``_`` or ``.``, stops at a ``:`` and follows a symbolic link in circles.
"""

import hashlib
import operator
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, is_local, local_path

LISTING_SCHEMA = pa.schema(
    {"path": pa.string(), "relative_path": pa.string(), "size": pa.int64()}
    | {"modified": pa.string(), "name_is_utf8": pa.bool_()}
)
"""``path`` opens the file: an absolute path or a URI. ``relative_path`` is the part below the
folder, with ``/`` between folders. ``modified`` holds nanoseconds of the last change, or the
object's ETag: equal text means unchanged. Bytes of a name that are no UTF-8 read ``\\xNN``."""

_ROWS_AT_ONCE = 1 << 15
"""Most files that exist as Python objects at a time."""

Found = tuple[str, int, str]
"""A file below the folder: its relative path, size in bytes and ``modified``."""


@dataclass(frozen=True)
class Listing:
    """Every regular file below the folder ``uri``: ``LISTING_SCHEMA``, ordered by path."""

    uri: str
    files: pa.Table

    def digest(self) -> str:
        """Hexadecimal sha256 of everything listed."""
        digest = hashlib.sha256(self.uri.encode("utf-8", "surrogateescape"))
        for batch in self.files.to_batches(_ROWS_AT_ONCE):
            digest.update(batch.serialize())
        return digest.hexdigest()

    def sort_out(self, ignored: Collection[str]) -> tuple[pa.Table, pa.Table]:
        """Separate candidate photographs from files whose name says they are something else.

        Args:
            ignored: Extensions, or whole names of files without one, in lower case.

        Returns:
            The candidates; and the other files with a column ``ignored_as``: ``hidden`` for files
            in or below a name that starts with a dot, else the entry of ``ignored``.
        """
        relative = self.files.column("relative_path")
        hidden = pc.match_substring_regex(relative, r"(^|/)\.")
        suffix = pc.utf8_lower(pc.replace_substring_regex(relative, r"(?s)^.*[/.]", ""))
        is_other = pc.or_(
            hidden, pc.is_in(suffix, value_set=pa.array(sorted(ignored), pa.string()))
        )
        named = self.files.append_column("ignored_as", pc.if_else(hidden, "hidden", suffix))
        others = named.filter(is_other)
        # A listing of photographs only is not copied.
        return self.files.filter(pc.invert(is_other)) if len(others) else self.files, others


def list_files(
    uri: str, exclude: Iterable[str] = (), parameter: str = "images", limit: int | None = None
) -> Listing:
    """List a folder once, recursively.

    Args:
        uri: The folder, local or of any filesystem fsspec knows.
        exclude: Folders that are not listed if they are found below ``uri``.
        parameter: The parameter that names the folder, for messages.
        limit: Only so many files, the first that are found.

    Raises:
        FruitsError: If the folder does not exist or cannot be listed.
    """
    if is_local(uri):
        folder = absolute(uri)
        if not os.path.isdir(folder):
            kind = "image folder" if parameter == "images" else f"{parameter} folder"
            problem = "is not a folder" if os.path.exists(folder) else "does not exist"
            raise FruitsError(
                f"The {kind} {folder} {problem}: name a folder with --params={parameter}=FOLDER or "
                f"the environment variable FRUITS_{parameter.upper()}."
            )
        root = folder.rstrip("/") + "/"
        found = _walk_disk(folder, exclude)
    else:
        fs, path = filesystem(uri)
        below = path.rstrip("/") + "/"
        root = f"{uri.split('://', 1)[0]}://{below}"
        others = [filesystem(one)[1].rstrip("/") + "/" for one in exclude if not is_local(one)]
        excluded = tuple(other.removeprefix(below) for other in others if other.startswith(below))
        found = (file for file in _walk_store(fs, uri, below) if not file[0].startswith(excluded))
    return Listing(uri, _to_table(root, islice(found, limit)))


def absolute(uri: str) -> str:
    """A local folder as an absolute path, with a leading ``~`` expanded; other URIs as they are.

    Neither has a slash at its end, except ``/``.
    """
    if not is_local(uri):
        return uri.rstrip("/")
    return local_path(os.path.expanduser(uri.removeprefix("file://")))


def _walk_disk(root: str, exclude: Iterable[str]) -> Iterator[Found]:
    folders, links = [root], list[str]()
    seen = {_identity(absolute(folder)) for folder in exclude if is_local(folder)} | {None}
    while folders or links:
        # Links come last, so that files are listed under their own names first.
        folder = folders.pop() if folders else links.pop(links.index(min(links)))
        identity = _identity(folder)
        if identity in seen:
            continue
        seen.add(identity)
        below = folder[len(root.rstrip("/")) + 1 :] + "/" if folder != root else ""
        for entry in _entries(folder):
            try:
                status = _status(entry)
                mode, size, modified = status.st_mode, status.st_size, status.st_mtime_ns
            except FileNotFoundError:  # it vanished
                continue
            except OSError:  # visible without the right to enter its folder; unreadable later
                is_folder = entry.is_dir(follow_symlinks=False)
                mode, size, modified = stat.S_IFDIR if is_folder else stat.S_IFREG, 0, 0
            if stat.S_ISDIR(mode):
                (links if entry.is_symlink() else folders).append(entry.path)
            elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                yield below + entry.name, size, str(modified)


def _identity(folder: str) -> tuple[int, int] | None:
    """Device and inode of a folder, links resolved; None if it vanished."""
    try:
        status = os.stat(folder)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    """Status of a link's target, or of a broken link itself."""
    with suppress(OSError):
        return entry.stat()
    return entry.stat(follow_symlinks=False)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:  # it vanished
        return
    except OSError as error:
        raise FruitsError(
            f"The folder {folder} cannot be listed ({error.strerror}): give the user of this run "
            "the right to read it, or move it out of the image folder."
        ) from error


def _walk_store(fs: Any, uri: str, root: str) -> Iterator[Found]:
    found = 0
    try:
        files = _s3_pages(fs, root) if hasattr(fs, "call_s3") else _find(fs, root)
        for key, size, modified in files:
            if not key.endswith("/"):
                found += 1
                yield key[len(root) :], size, modified
    except Exception as error:  # clients of object stores share no base class of errors
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise FruitsError(
            f"The image folder {uri} cannot be listed ({first}): check the bucket's name, the "
            "region, the credentials and the right s3:ListBucket."
        ) from error
    if not found:
        raise FruitsError(f"There is nothing below {uri}: check the bucket and the prefix.")


def _s3_pages(fs: Any, root: str) -> Iterator[Found]:
    """One page of 1,000 objects at a time; fsspec's ``find`` holds 1.5 kB for each object."""
    bucket, _, prefix = root.partition("/")
    page: dict[str, Any] = {"NextContinuationToken": None}
    while "NextContinuationToken" in page:
        token = page["NextContinuationToken"]
        more = {"ContinuationToken": token} if token else {}
        page = fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, **more)
        for entry in page.get("Contents", []):
            yield f"{bucket}/{entry['Key']}", int(entry["Size"]), str(entry["ETag"])


def _find(fs: Any, root: str) -> Iterator[Found]:
    entries: dict[str, dict[str, Any]] = fs.find(root.rstrip("/"), detail=True)
    for path, entry in entries.items():
        if entry["type"] == "file":
            modified = entry.get("ETag") or entry.get("LastModified") or entry.get("mtime") or ""
            yield path, int(entry["size"]), str(modified)


def _to_table(root: str, found: Iterator[Found]) -> pa.Table:
    schema = LISTING_SCHEMA.remove(0)
    readable_root = _readable(root)
    batches = []
    while rows := list(islice(found, _ROWS_AT_ONCE)):
        relative, sizes, modified = zip(*rows, strict=True)
        readable = [_readable(name) for name in relative]
        is_utf8 = [root == readable_root and same for same in map(operator.eq, relative, readable)]
        columns = dict(zip(schema.names, (readable, sizes, modified, is_utf8), strict=True))
        batches.append(pa.RecordBatch.from_pydict(columns, schema))
    table = pa.Table.from_batches(batches, schema)
    # All paths have one prefix, so relative paths sort like paths.
    table = table.take(pc.sort_indices(table.column("relative_path"))).combine_chunks()
    paths = pc.binary_join_element_wise(readable_root, table.column("relative_path"), "")
    return table.add_column(0, "path", paths)


def _readable(text: str) -> str:
    """``text`` with bytes that are no UTF-8 written as ``\\xNN``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
