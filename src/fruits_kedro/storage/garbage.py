"""Rows that no present photograph refers to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

TABLES = ("images", "features", "scene_features")
"""Tables of the catalog that only grow; each row has the sha256 of its photograph."""


class Plan(NamedTuple):
    """What garbage collection would do with one table.

    ``removed`` and ``kept`` count rows; ``condition`` holds for those to keep. ``folders`` held the
    removed photographs, if the table knows it.
    """

    table: str
    removed: int
    kept: int
    folders: list[str]
    condition: pc.Expression


def plan_garbage(catalog: Any) -> list[Plan]:
    """Find what no present photograph refers to; removes nothing.

    Features of present photographs are kept for every network, so switching back to one uses them.
    """
    present = catalog["photographs"].load().read(["sha256"])["sha256"].drop_null()
    condition = pc.field("sha256").isin(pc.unique(present))
    # A file that could not be read has no sha256, and nothing refers to its row.
    others = ~condition | pc.field("sha256").is_null()
    plans = []
    for name in (name for name in TABLES if catalog[name].exists()):
        table = catalog[name].load()
        kept = table.read(["sha256"], condition).num_rows
        folders = _folders(table.read(["path"], others)["path"]) if name == "images" else []
        plans.append(Plan(name, table.rows - kept, kept, folders, condition))
    return plans


def remove_garbage(catalog: Any, plans: Iterable[Plan]) -> dict[str, int]:
    """Carry plans out; returns the bytes freed, by table."""
    return {
        plan.table: catalog[plan.table].keep_only(plan.condition)[1]
        for plan in plans
        if plan.removed
    }


def _folders(paths: pa.ChunkedArray) -> list[str]:
    return sorted(pc.replace_substring_regex(paths, r"/[^/]*$", "").unique().to_pylist())
