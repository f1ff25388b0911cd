"""What ingestion decides about files it has met before."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from corpus import INGESTION

from fruits_kedro.parameters import IngestionParameters, SplitParameters
from fruits_kedro.photos.layout import LAYOUT_SCHEMA
from fruits_kedro.pipelines.ingestion.nodes import resolve_photographs, select_unread_files
from fruits_kedro.storage.schemas import IMAGES
from fruits_kedro.storage.tables import Table, write_table

Row = dict[str, Any]

DRAWN = SplitParameters(method="random", test_share=0.2, stratified=True, seed=0)


def listing(*rows: Row) -> pa.Table:
    common = {"label": "a", "source": "images", "size": 1, "modified": "t"}
    return pa.Table.from_pylist([common | row for row in rows], LAYOUT_SCHEMA)


def limits(most: int) -> IngestionParameters:
    """A limit of bytes and of pixels."""
    return IngestionParameters(**INGESTION | {"max_bytes": most, "max_pixels": most})


@pytest.fixture
def images(tmp_path: Path) -> Any:
    """Make a table of what earlier runs read."""

    def make(rows: list[Row]) -> Table:
        common = {"size": 1, "modified": "t", "width": 1, "height": 1}
        known = pa.Table.from_pylist([common | row for row in rows], IMAGES)
        return Table(str(tmp_path), IMAGES, tuple(write_table(str(tmp_path), 1, known, IMAGES)))

    return make


def unread(listed: pa.Table, known: Table, most: int = 100) -> set[str]:
    return set(select_unread_files(listed, known, limits(most))["path"].to_pylist())


def resolved(listed: pa.Table, known: Table, most: int = 100) -> dict[str, Row]:
    """Rows by path, one for each file."""
    rows, _ = resolve_photographs(listed, known, limits(most), DRAWN)
    assert rows.num_rows == listed.num_rows
    return {row["path"]: row for row in rows.to_pylist()}


def test_unreadable_files_are_read_again_and_are_one_row(images):
    listed = listing(*({"path": path} for path in ("good", "broken", "locked", "shut", "new")))
    good, broken = {"path": "good", "sha256": "1" * 64}, {"path": "broken", "sha256": "2" * 64}
    unreadable = [{"path": path, "reason": "unreadable"} for path in ("locked", "shut")]
    known = [good, broken | {"reason": "not_an_image"}, *unreadable]
    assert unread(listed, images(known)) == {"locked", "shut", "new"}
    read = [{"path": "locked", "sha256": "3" * 64}, {"path": "new", "sha256": "4" * 64}]
    rows = resolved(listed, images([*known, *unreadable, *read]))
    assert {path: row["reason"] for path, row in rows.items() if row["status"] != "kept"} == {
        "broken": "not_an_image",
        "shut": "unreadable",
    }
    assert rows["locked"]["sha256"] == "3" * 64
    assert rows["locked"]["split"] in ("train", "test")
    assert rows["broken"]["split"] is None


# --- limits that change between runs --------------------------------------------------------------

SIZES = {"wide": (20, 9), "heavy": (9, 20), "small": (9, 9), "tiny": (1, 1)}
"""Pixels and bytes by path."""
LISTED = listing(*({"path": path, "size": size} for path, (_, size) in SIZES.items()))
NOTHING = dict.fromkeys(SIZES)
TOO_MUCH = {"wide": "too_many_pixels", "heavy": "too_many_bytes"}


def read_under(most: int) -> list[Row]:
    """What a run with this limit read."""
    rows = []
    for path, (width, size) in SIZES.items():
        row: Row = {"path": path, "size": size}
        if size > most:
            row |= {"width": None, "height": None, "reason": "too_many_bytes"}
        else:
            wide = "too_many_pixels" if width > most else None
            row |= {"width": width, "sha256": path, "reason": wide}
        rows.append(row)
    return rows


def reasons(known: Table, most: int) -> dict[str, str | None]:
    return {path: row["reason"] for path, row in resolved(LISTED, known, most).items()}


def test_a_raised_limit_reads_what_it_now_allows(images):
    before = read_under(10)
    assert reasons(images(before), 10) == NOTHING | TOO_MUCH
    assert unread(LISTED, images(before), 10) == set()
    assert unread(LISTED, images(before), 30) == set(TOO_MUCH)
    again = [row for row in read_under(30) if row["path"] in TOO_MUCH]
    assert reasons(images([*before, *again]), 30) == NOTHING


def test_a_lowered_limit_holds_for_what_was_kept(images):
    known = images(read_under(30))
    assert unread(LISTED, known, 10) == set()
    assert reasons(known, 10) == NOTHING | TOO_MUCH
