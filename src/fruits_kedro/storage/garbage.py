"""Rows that no present photograph refers to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TABLES = ("images", "features", "scene_features")
"""Tables of the catalog that only grow; each row has the sha256 of its photograph."""


@dataclass(frozen=True)
class Plan:
    """What garbage collection would do with one table.

    Attributes:
        table: Its name in the catalog.
        removed, kept: Rows.
        folders: Folders of the removed photographs, if the table knows them.
        condition: Holds for the rows to keep.
    """

    table: str
    removed: int
    kept: int
    folders: tuple[str, ...]
    condition: pc.Expression


def plan_garbage(catalog: Any) -> list[Plan]:
    """Find what no present photograph refers to; removes nothing.

    Features of present photographs are kept for every network, so switching back to one uses them.

    Args:
        catalog: Datasets by name, among them ``photographs``.
    """
    present = catalog["photographs"].load().read(["sha256"])["sha256"].drop_null()
    condition = pc.field("sha256").isin(pc.unique(present))
    plans = []
    for name in TABLES:
        if catalog[name].exists():
            plans.append(_plan(name, catalog[name].load(), condition, name == "images"))
    return plans


def remove_garbage(catalog: Any, plans: Iterable[Plan]) -> dict[str, int]:
    """Carry plans out.

    Returns:
        Bytes freed, by table.
    """
    return {
        plan.table: catalog[plan.table].keep_only(plan.condition)[1]
        for plan in plans
        if plan.removed
    }


def _plan(name: str, table: Any, condition: pc.Expression, has_paths: bool) -> Plan:
    columns = ["sha256", "path"] if has_paths else ["sha256"]
    kept = table.read(columns, condition).num_rows
    folders: tuple[str, ...] = ()
    if has_paths:
        # A file that could not be read has no sha256, and nothing refers to its row.
        gone = table.read(["path"], ~condition | pc.field("sha256").is_null())["path"]
        folders = tuple(sorted(_folders(gone)))
    return Plan(name, table.rows - kept, kept, folders, condition)


def _folders(paths: pa.ChunkedArray) -> set[str]:
    return set(pc.replace_substring_regex(paths, r"/[^/]*$", "").unique().to_pylist())
