"""Decides which files are kept, duplicates, or rejected."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pandas as pd
import pyarrow as pa

from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.layout import names_of
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.schemas import PHOTOGRAPHS

KEY = ["path", "size", "modified"]
"""Columns that identify a version of a file."""

_RANKS = {"test": 0, "validation": 1, OUTSIDE: 3}
"""Order in which one of several copies is kept; 2 is for rows that may train."""


def add_read(listing: pa.Table, images: pa.Table, parameters: IngestionParameters) -> pd.DataFrame:
    """Add what was read of each listed file, under the limits of this run.

    Args:
        listing: ``layout.LAYOUT_SCHEMA``.
        images: Columns of ``schemas.IMAGES``: ``KEY``, sha256, width, height and reason.

    Returns:
        The listing with sha256, and with the reason of reading where it had none.
    """
    read = images.to_pandas()
    pixels = read["width"].astype(float) * read["height"]
    large = {
        Reason.TOO_MANY_BYTES: read["size"] > parameters.max_bytes,
        Reason.TOO_MANY_PIXELS: pixels > parameters.max_pixels,
    }
    for reason, is_large in large.items():
        read.loc[read["reason"].isna() & is_large, "reason"] = reason.value
    # Of several attempts at a file the first counts: a successful one, else one with a sha256.
    read = read.assign(failed=read["reason"].notna()).sort_values(
        ["failed", "sha256", "reason"], ascending=[True, False, False]
    )
    read = read.drop_duplicates(KEY)[[*KEY, "sha256", "reason"]]
    rows = listing.to_pandas().merge(read, "left", KEY, suffixes=("", "_read"), indicator="found")
    found = rows.pop("reason_read").where(rows.pop("found") == "both", Reason.UNREADABLE.value)
    return rows.assign(reason=rows["reason"].fillna(found))


def resolve(rows: pd.DataFrame) -> pa.Table:
    """Decide which files are kept, which repeat another one, and which are rejected.

    Equal bytes under two labels are all rejected, because neither label can be trusted. Of other
    copies one is kept, in this order: one that tests, one that validates (so that held-out
    photographs do not train), one of ``images`` (so that own photographs do not change the data
    set), the first path. Copies outside the split folders come last and cause no conflict.

    Returns:
        ``schemas.PHOTOGRAPHS``: the same rows with status and the final reason.
    """
    content = pd.Series(rows["sha256"].factorize()[0]).where(rows["reason"].isna())
    content = content[content.notna() & content.duplicated(keep=False)]
    shared = rows.loc[content.index].assign(content=content)
    shared = shared.assign(rank=shared["split"].map(_RANKS).fillna(2))
    shared = shared.sort_values(["content", "rank", "source", "path"])
    labels = shared["label"].where(shared["split"] != OUTSIDE).groupby(shared["content"])
    disputed = shared.index[labels.transform("nunique") > 1]
    rows = rows.assign(status="rejected")
    rows.loc[rows["reason"].isna(), "status"] = "kept"
    rows.loc[shared.index[shared.duplicated("content")], ["status", "reason"]] = "duplicate"
    rows.loc[disputed, ["status", "reason"]] = "rejected", Reason.LABEL_CONFLICT.value
    table = pa.Table.from_pandas(rows, PHOTOGRAPHS, preserve_index=False)
    return table.replace_schema_metadata()


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
