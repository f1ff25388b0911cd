"""Stored rows that no photograph of the last run refers to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TABLES = ("images", "features", "scene_features")
"""Tables of the catalog that only grow, by the sha256 of the photograph a row comes from."""

_NAMED = 3
"""Folders that a line names; of more, the rest is counted."""


@dataclass(frozen=True)
class Unused:
    """Rows of one table that nothing refers to.

    Attributes:
        name: Of the table in the catalog.
        dataset: The table.
        removed, kept: Rows to remove and to keep.
        folders: Where the photographs to remove were; empty where the table does not know.
    """

    name: str
    dataset: Any
    removed: int
    kept: int
    folders: tuple[str, ...]

    def describe(self) -> str:
        """One line: rows to remove, where their photographs were, rows to keep."""
        others = len(self.folders) - _NAMED
        more = f" and {others} more folders" if others > 0 else ""
        where = f" (read from {', '.join(self.folders[:_NAMED])}{more})" if self.folders else ""
        return f"{self.name}: {self.removed} rows to remove{where}, {self.kept} to keep"


@dataclass(frozen=True)
class Garbage:
    """What can be removed; nothing is removed before ``remove``."""

    tables: tuple[Unused, ...]
    condition: pc.Expression

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not any(unused.removed for unused in self.tables)

    def describe(self) -> Iterator[str]:
        """One line per table."""
        return (unused.describe() for unused in self.tables)

    def remove(self) -> int:
        """Remove the rows. Returns the bytes that are freed."""
        found = (unused for unused in self.tables if unused.removed)
        return sum(unused.dataset.keep_only(self.condition)[1] for unused in found)


def find_garbage(catalog: Mapping[str, Any]) -> Garbage:
    """Images and features of files that the last run did not list.

    Features of present photographs stay, whatever network computed them: a later run that switches
    back to it reuses them.

    Args:
        catalog: Datasets by name, among them ``photographs``.
    """
    present = catalog["photographs"].load().read(["sha256"])["sha256"].drop_null()
    condition = pc.field("sha256").isin(pc.unique(present))
    found = [_unused(name, catalog[name], condition) for name in TABLES if catalog[name].exists()]
    return Garbage(tuple(found), condition)


def _unused(name: str, dataset: Any, condition: pc.Expression) -> Unused:
    table = dataset.load()
    kept = table.read(["sha256"], condition).num_rows
    folders: tuple[str, ...] = ()
    if "path" in table.column_names:
        # A row without sha256 could not be read, and nothing refers to it.
        gone = table.read(["path"], ~condition | pc.field("sha256").is_null())["path"]
        folders = tuple(sorted(_folders(gone)))
    return Unused(name, dataset, table.rows - kept, kept, folders)


def _folders(paths: pa.ChunkedArray) -> set[str]:
    return set(pc.replace_substring_regex(paths, r"/[^/]*$", "").unique().to_pylist())
