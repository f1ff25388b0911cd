"""Finds and removes what no present photograph refers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FEATURES = ("features", "augmented_features", "scene_features")
"""Tables of features in the catalog, by the sha256 of the photograph that they come from."""


@dataclass(frozen=True)
class Unused:
    """The unused rows of one table.

    Attributes:
        name: The table's name in the catalog.
        table: Its dataset.
        rows: The rows to keep.
        kept: How many they are.
        removed: How many rows are unused.
    """

    name: str
    table: Any
    rows: Any
    kept: int
    removed: int


@dataclass(frozen=True)
class Garbage:
    """The unused rows of every table, found and not yet removed."""

    tables: list[Unused]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not any(unused.removed for unused in self.tables)

    def describe(self) -> Iterator[str]:
        """One line per table: its name, the rows to remove, the rows to keep."""
        for unused in self.tables:
            yield f"{unused.name}: {unused.removed} rows to remove, {unused.kept} to keep"

    def remove(self) -> int:
        """Remove them, many small parts become one. Returns the bytes that are freed."""
        return sum(unused.table.compact(unused.rows) for unused in self.tables)


def find_garbage(catalog: Any) -> Garbage:
    """Images and features of files that the last run did not list.

    Features of present photographs stay, whatever backbone computed them: a later run that switches
    back to it reuses them.
    """
    present = catalog["photographs"].load()
    images = catalog["images"]
    tables = [
        _unused("images", images, images.load().join(present, ["path", "size", "modified"], _SEMI))
    ]
    contents = present.filter("sha256 is not null")
    for name in FEATURES:
        table = catalog[name]
        if table.snapshot_id() is not None:
            tables.append(_unused(name, table, table.load().join(contents, "sha256", _SEMI)))
    return Garbage(tables)


_SEMI = "left_semi"


def _unused(name: str, table: Any, rows: Any) -> Unused:
    kept = rows.count()
    return Unused(name, table, rows, kept, table.load().count() - kept)
