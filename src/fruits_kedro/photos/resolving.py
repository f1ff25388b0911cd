"""Decides which files are kept, duplicates, or rejected."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.layout_summary import names_of
from fruits_kedro.photos.reasons import Reason

KEPT, DUPLICATE, REJECTED = "kept", "duplicate", "rejected"
"""Values of the column ``status``."""

_RANKS = {"test": 0, "validation": 1, OUTSIDE: 3}
"""Order in which one of several copies is kept; 2 is for rows that may train."""


def resolve(rows: pa.Table) -> pa.Table:
    """Decide which files are kept, which repeat another one, and which are rejected.

    Equal bytes under two labels are all rejected, because neither label can be trusted. Of other
    copies one is kept, in this order: one that tests, one that validates (so that held-out
    photographs do not train), one of ``images`` (so that own photographs do not change the data
    set), the first path. Copies outside the split folders come last and cause no conflict.

    Args:
        rows: ``layout.LAYOUT_SCHEMA`` with the columns sha256 and read_reason, both null for files
            that were not read.

    Returns:
        The same rows without read_reason, with status and the final reason.
    """
    found = pc.coalesce(rows.column("reason"), rows.column("read_reason"))
    copies = _copies(rows, found.is_null())
    again = pa.array(copies.index[copies["copy"] > 0])
    disputed = pa.array(copies.index[copies["disputed"]])
    position = pa.array(np.arange(rows.num_rows))
    copied = pc.if_else(pc.is_in(position, value_set=again), Reason.DUPLICATE.value, found)
    reason = pc.if_else(pc.is_in(position, value_set=disputed), Reason.LABEL_CONFLICT.value, copied)
    is_copy = pc.fill_null(pc.equal(reason, Reason.DUPLICATE.value), False)
    status = pc.if_else(reason.is_null(), KEPT, pc.if_else(is_copy, DUPLICATE, REJECTED))
    others = rows.drop_columns(["reason", "read_reason"])
    return others.append_column("status", status).append_column("reason", reason)


def conflicts(rows: pa.Table) -> list[tuple[str, str, int]]:
    """Pairs of labels of resolved rows that hold the same bytes, and how many photographs.

    Returns:
        Pairs in order of labels, those that share most first.
    """
    disputed = rows.filter(pc.equal(rows.column("reason"), Reason.LABEL_CONFLICT.value))
    contents = disputed.select(["sha256", "label"]).to_pandas().dropna().drop_duplicates()
    pairs: Counter[tuple[str, str]] = Counter()
    for _, labels in contents.groupby("sha256")["label"]:
        pairs.update(combinations(sorted(labels), 2))
    return sorted(((*pair, n) for pair, n in pairs.items()), key=lambda row: (-row[2], row[:2]))


def unused_labels(rows: pa.Table) -> dict[str, int]:
    """Labels of which no photograph is kept, with the number of their files in split folders."""
    inside = rows.filter(pc.not_equal(pc.fill_null(rows.column("split"), ""), OUTSIDE))
    files = inside.select(["label", "status"]).to_pandas().dropna()
    kept = (files["status"] == KEPT).groupby(files["label"]).agg(["sum", "size"])
    return {str(label): int(size) for label, size in kept[kept["sum"] == 0]["size"].items()}


def warnings(rows: pa.Table) -> Iterator[str]:
    """What the user should look at in resolved rows: labels in conflict, and without rows."""
    pairs = {f"{one} and {other}": number for one, other, number in conflicts(rows)}
    if pairs:
        yield (
            "The same photographs are under two labels and are rejected under both: "
            f"{names_of(pairs)}. Remove them from the wrong folder."
        )
    unused = unused_labels(rows)
    if unused:
        yield f"Nothing is kept of {len(unused)} labels: {names_of(unused)}. See the reasons."


def _copies(rows: pa.Table, usable: pa.ChunkedArray) -> pd.DataFrame:
    """The rows that share their bytes, by position: copy, 0 for the one to keep, and disputed."""
    contents = rows.column("sha256").combine_chunks().dictionary_encode().indices
    content = pc.fill_null(pc.if_else(usable, contents, None), -1).to_numpy()
    often = np.bincount(content + 1, minlength=1) > 1
    often[0] = False
    position = np.flatnonzero(often[content + 1])
    shared = rows.select(["label", "split", "source", "path"]).take(position).to_pandas()
    shared.index = pd.Index(position)
    shared["content"] = content[position]
    shared["rank"] = shared["split"].map(_RANKS).fillna(2)
    shared = shared.sort_values(["content", "rank", "source", "path"])
    by_content = shared.groupby("content")
    labels = shared["label"].where(shared["split"] != OUTSIDE).groupby(shared["content"])
    return pd.DataFrame(
        {"copy": by_content.cumcount(), "disputed": labels.transform("nunique") > 1}
    )
