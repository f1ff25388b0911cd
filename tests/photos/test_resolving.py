"""Which files are kept, repeat another one, or are rejected."""

import pyarrow as pa
import pytest

from fruits_kedro.photos.layout import LAYOUT_SCHEMA
from fruits_kedro.photos.resolving import conflicts, resolve, unused_labels, warnings

Row = dict[str, str | None]


def row(path: str, sha256: str | None, label: str | None = "Apple", **others: str | None) -> Row:
    return {"path": path, "sha256": sha256, "label": label, **others}


def resolved(*rows: Row) -> dict[str, tuple[str, str | None]]:
    """Status and reason by path."""
    table = resolve(table_of(*rows))
    columns = [table.column(name).to_pylist() for name in ("path", "status", "reason")]
    return {path: (status, reason) for path, status, reason in zip(*columns, strict=True)}


def table_of(*rows: Row) -> pa.Table:
    given = {"source": "images", "size": 1, "modified": "1"}
    schema = LAYOUT_SCHEMA.append(pa.field("sha256", pa.string()))
    schema = schema.append(pa.field("read_reason", pa.string()))
    return pa.Table.from_pylist([given | one for one in rows], schema)


KEPT = ("kept", None)
DUPLICATE = ("duplicate", "duplicate")
CONFLICT = ("rejected", "label_conflict")


def test_reasons_of_the_listing_and_of_reading_reject():
    found = resolved(
        row("a", None, None, reason="no_label"),
        row("b", None, read_reason="unreadable"),
        row("c", "1", read_reason="not_an_image"),
        row("d", "2"),
    )
    assert found == {
        "a": ("rejected", "no_label"),
        "b": ("rejected", "unreadable"),
        "c": ("rejected", "not_an_image"),
        "d": KEPT,
    }


def test_of_copies_the_first_path_stays_and_rejected_ones_keep_their_reason():
    found = resolved(row("c", "1"), row("a", "1"), row("b", "1"), row("d", "2"))
    assert found == {"a": KEPT, "b": DUPLICATE, "c": DUPLICATE, "d": KEPT}
    found = resolved(*(row(path, "1", read_reason="undecodable") for path in "ab"))
    assert set(found.values()) == {("rejected", "undecodable")}


@pytest.mark.parametrize(
    ("splits", "kept"),
    [
        (["train", "test"], 1),
        (["validation", "test"], 1),
        (["train", "validation"], 1),
        ([None, "validation"], 1),
        (["train", None], 0),
        (["outside", "train"], 1),
        (["outside", None], 1),
    ],
)
def test_copies_in_two_splits_stay_where_they_are_held_out(splits, kept):
    rows = [row(path, "1", split=split) for path, split in zip("ab", splits, strict=True)]
    assert resolved(*rows)["ab"[kept]] == KEPT
    assert resolved(*rows)["ab"[1 - kept]] == DUPLICATE


def test_a_copy_among_own_photographs_gives_way_unless_it_tests():
    own, images = row("a", "1", source="own"), row("b", "1", source="images", split="train")
    assert resolved(own, images) == {"a": DUPLICATE, "b": KEPT}
    assert resolved(own | {"split": "test"}, images) == {"a": KEPT, "b": DUPLICATE}


def test_the_same_bytes_under_two_labels_are_rejected_everywhere():
    found = resolved(
        row("a", "1", "Apple"),
        row("b", "1", "Pear", split="test"),
        row("c", "1", "Apple", source="own"),
        row("d", "2", "Pear"),
    )
    assert found == {"a": CONFLICT, "b": CONFLICT, "c": CONFLICT, "d": KEPT}


def test_copies_outside_of_the_splits_make_no_conflict():
    found = resolved(row("a", "1", "Unsorted", split="outside"), row("b", "1", split="train"))
    assert found == {"a": DUPLICATE, "b": KEPT}


def test_rows_keep_their_order_and_other_columns():
    rows = table_of(row("b", "1", place="kitchen"), row("a", "1"))
    found = resolve(rows)
    assert found.column("path").to_pylist() == ["b", "a"]
    assert found.column("place").to_pylist() == ["kitchen", None]
    assert {*found.column_names} == {*rows.column_names, "status"} - {"read_reason"}
    assert resolve(table_of()).num_rows == 0


def test_pairs_of_labels_in_conflict_are_counted():
    rows = [row(f"{label}{n}", f"{n}", label) for n in range(3) for label in ("Pear", "Apple")]
    rows += [row("Fig0", "0", "Fig"), row("Apple0 again", "0", "Apple")]
    assert conflicts(resolve(table_of(*rows))) == [
        ("Apple", "Pear", 3),
        ("Apple", "Fig", 1),
        ("Fig", "Pear", 1),
    ]
    assert any("Apple and Pear (3)" in warning for warning in warnings(resolve(table_of(*rows))))
    assert conflicts(resolve(table_of(row("a", "1")))) == []


def test_labels_of_which_nothing_is_kept_are_named():
    rows = resolve(
        table_of(
            row("a", "1"),
            row("b", None, "Pear", read_reason="unreadable"),
            row("c", "2", "Pear", read_reason="not_an_image"),
            row("d", None, None, reason="no_label"),
            row("e", "3", "Fig", split="outside", read_reason="not_an_image"),
        )
    )
    assert unused_labels(rows) == {"Pear": 2}
    [warning] = warnings(rows)
    assert "Pear (2)" in warning
