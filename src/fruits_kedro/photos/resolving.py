"""Decides which files are kept, duplicates, or rejected."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.layout import names_of
from fruits_kedro.photos.reasons import Reason

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
    disputed, copied = _copies(rows, found.is_null())
    conflict, duplicate = Reason.LABEL_CONFLICT.value, Reason.DUPLICATE.value
    reason = pc.coalesce(found, pc.case_when(pc.make_struct(disputed, copied), conflict, duplicate))
    is_known = pc.make_struct(reason.is_null(), pc.equal(reason, duplicate))
    status = pc.case_when(is_known, "kept", "duplicate", "rejected")
    others = rows.drop_columns(["reason", "read_reason"])
    return others.append_column("status", status).append_column("reason", reason)


def _copies(rows: pa.Table, usable: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Whether the bytes of each row are under several labels, and whether it repeats another."""
    codes = rows.column("sha256").combine_chunks().dictionary_encode().indices
    contents = rows.select(["label", "split", "source", "path"]).to_pandas()
    contents = contents.assign(content=codes.to_pandas())[usable.to_numpy()]
    shared = contents[contents.duplicated("content", keep=False)]
    shared = shared.assign(rank=shared["split"].map(_RANKS).fillna(2))
    shared = shared.sort_values(["content", "rank", "source", "path"])
    labels = shared["label"].where(shared["split"] != OUTSIDE).groupby(shared["content"])
    masks = pd.DataFrame(
        {
            "disputed": labels.transform("nunique") > 1,
            "copied": shared.duplicated("content"),
        }
    ).reindex(range(rows.num_rows), fill_value=False)
    return pa.array(masks["disputed"]), pa.array(masks["copied"])


def warnings(rows: pa.Table) -> Iterator[str]:
    """What the user should look at in resolved rows: labels in conflict, and without rows."""
    files = rows.select(["sha256", "label", "split", "status", "reason"]).to_pandas()
    disputed = files[files["reason"] == Reason.LABEL_CONFLICT.value]
    disputed = disputed[["sha256", "label"]].dropna().drop_duplicates()
    pairs: Counter[str] = Counter()
    for _, labels in disputed.groupby("sha256")["label"]:
        pairs.update(f"{one} and {other}" for one, other in combinations(sorted(labels), 2))
    if pairs:
        most = dict(sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])))
        yield (
            "The same photographs are under two labels and are rejected under both: "
            f"{names_of(most)}. Remove them from the wrong folder."
        )
    inside = files[files["split"] != OUTSIDE]
    kept = (inside["status"] == "kept").groupby(inside["label"]).agg(["any", "size"])
    unused = kept["size"][~kept["any"]].to_dict()
    if unused:
        yield f"Nothing is kept of {len(unused)} labels: {names_of(unused)}. See the reasons."
