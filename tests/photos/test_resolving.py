"""Which files are kept, repeat another one, or are rejected."""

import pandas as pd
import pyarrow as pa
import pytest

from fruits_kedro.photos.layout import LAYOUT_SCHEMA
from fruits_kedro.photos.resolving import resolve, warnings
from fruits_kedro.storage.schemas import PHOTOGRAPHS

Row = dict[str, str | None]


def row(sha256: str | None = "1", label: str | None = "Apple", **others: str | None) -> Row:
    return {"sha256": sha256, "label": label, **others}


def table_of(*rows: Row) -> pd.DataFrame:
    """Rows as listed and read, with paths in order unless they are given."""
    schema = LAYOUT_SCHEMA.append(pa.field("sha256", pa.string()))
    given = {"source": "images", "size": 1, "modified": "1"}
    named = [{"path": f"{number:02}"} | given | one for number, one in enumerate(rows)]
    return pa.Table.from_pylist(named, schema).to_pandas()


COPY, CONFLICT = "duplicate", "label_conflict"
BROKEN, OUTSIDE = {"reason": "not_an_image"}, {"split": "outside"}


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([row(**BROKEN), row(**BROKEN), row()], ["not_an_image", "not_an_image", None]),
        # Of copies the first path stays.
        ([row(path="c"), row(path="a"), row(path="b"), row("2")], [COPY, None, COPY, None]),
        # In two splits, the one that is held out.
        ([row(split="train"), row(split="test")], [COPY, None]),
        ([row(split="validation"), row(split="test")], [COPY, None]),
        ([row(split="train"), row(split="validation")], [COPY, None]),
        ([row(split=None), row(split="validation")], [COPY, None]),
        ([row(split="train"), row(split=None)], [None, COPY]),
        ([row(**OUTSIDE), row(split="train")], [COPY, None]),
        ([row(**OUTSIDE), row(split=None)], [COPY, None]),
        # One among own photographs gives way unless it tests.
        ([row(source="own", path="a"), row(split="train", path="b")], [COPY, None]),
        ([row(source="own", split="test"), row(split="train")], [None, COPY]),
        # Under two labels, in one split or two: none can be trusted, unless one is outside.
        (
            [row(), row(label="Pear", split="test"), row(source="own"), row("2", "Pear")],
            [CONFLICT, CONFLICT, CONFLICT, None],
        ),
        ([row(label="Unsorted", **OUTSIDE), row(split="train")], [COPY, None]),
        ([], []),
    ],
)
def test_a_file_is_kept_or_has_its_reason(rows, reasons):
    found = resolve(table_of(*rows))
    assert found.column("reason").to_pylist() == reasons
    others = {None: "kept", COPY: "duplicate"}
    assert found.column("status").to_pylist() == [others.get(one, "rejected") for one in reasons]


def test_rows_keep_their_order_and_other_columns():
    found = resolve(table_of(row(place="kitchen", path="b"), row(path="a")))
    assert found.column("path").to_pylist() == ["b", "a"]
    assert found.column("place").to_pylist() == ["kitchen", None]
    assert found.schema == PHOTOGRAPHS


def test_pairs_of_labels_in_conflict_are_named_with_their_number():
    rows = [row(f"{n}", label) for n in range(3) for label in ("Pear", "Apple")]
    rows += [row("0", "Fig"), row("0", "Apple"), row("9")]
    warning, _ = warnings(resolve(table_of(*rows)))
    assert "Apple and Pear (3), Apple and Fig (1), Fig and Pear (1)" in warning


def test_labels_of_which_nothing_is_kept_are_named():
    bad = [row("2", "Pear", **BROKEN), row("3", "Fig", **OUTSIDE, **BROKEN)]
    rows = [row(), row(None, "Pear", reason="unreadable"), *bad]
    [warning] = warnings(resolve(table_of(*rows, row(None, None, reason="no_label"))))
    assert "Pear (2)" in warning
