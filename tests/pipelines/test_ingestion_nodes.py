"""What ingestion decides about files it has met before."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from report_pages import stored

from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.layout import LAYOUT_SCHEMA
from fruits_kedro.pipelines.ingestion.nodes import resolve_photographs, select_unread_files
from fruits_kedro.storage.schemas import IMAGES
from fruits_kedro.storage.tables import Table

KNOWN = {"path": "good.jpg", "sha256": "1" * 64}
BROKEN = {"path": "broken.jpg", "sha256": "2" * 64, "reason": "not_an_image"}
UNREADABLE = {"path": "locked.jpg", "reason": "unreadable"}


class Known:
    """A listing, and what earlier runs read."""

    def __init__(self, folder: Path, parameters: Any, listed: list[dict[str, Any]]) -> None:
        self.folder, self.parameters = folder, parameters
        common = {"label": "a", "source": "images", "size": 1, "modified": "t"}
        rows = [common | row for row in listed]
        columns = {f.name: pa.array([r.get(f.name) for r in rows], f.type) for f in LAYOUT_SCHEMA}
        self.listing = pa.table(columns, schema=LAYOUT_SCHEMA)

    def images(self, *rows: dict[str, Any]) -> Table:
        common = {"size": 1, "modified": "t", "width": 1, "height": 1, "format": "JPEG"}
        known = [common | row for row in rows]
        columns = {name: [row.get(name) for row in known] for name in IMAGES.names}
        return stored(self.folder / f"images {len(list(self.folder.iterdir()))}", IMAGES, **columns)

    def unread(self, images: Table, limits: IngestionParameters) -> set[str]:
        return set(select_unread_files(self.listing, images, limits)["path"].to_pylist())

    def resolved(self, images: Table, limits: IngestionParameters) -> list[dict[str, Any]]:
        split = self.parameters.split.model_copy(update={"method": "random"})
        rows, _ = resolve_photographs(self.listing, images, limits, split)
        return rows.to_pylist()


@pytest.fixture
def limited(parameters):
    """Parameters with another limit, of bytes and of pixels."""
    names = ("max_bytes", "max_pixels")
    return lambda most: parameters.ingestion.model_copy(update=dict.fromkeys(names, most))


@pytest.fixture
def limits(limited) -> IngestionParameters:
    return limited(100)


@pytest.fixture
def known(tmp_path, parameters) -> Known:
    names = ["good.jpg", "broken.jpg", "locked.jpg", "new.jpg"]
    return Known(tmp_path, parameters, [{"path": name} for name in names])


def test_new_and_unreadable_files_are_read_and_no_others(known, limits):
    images = known.images(KNOWN, BROKEN, UNREADABLE)
    assert known.unread(images, limits) == {"locked.jpg", "new.jpg"}


def test_a_file_that_became_readable_is_one_row_and_kept(known, limits):
    read_later = {"path": "locked.jpg", "sha256": "3" * 64}
    new = {"path": "new.jpg", "sha256": "4" * 64}
    images = known.images(KNOWN, BROKEN, UNREADABLE, UNREADABLE, read_later, new)
    rows = {row["path"]: row for row in known.resolved(images, limits)}
    assert len(rows) == known.listing.num_rows
    assert (rows["locked.jpg"]["status"], rows["locked.jpg"]["sha256"]) == ("kept", "3" * 64)
    assert rows["broken.jpg"]["reason"] == "not_an_image"
    assert rows["locked.jpg"]["split"] in ("train", "test")
    assert rows["broken.jpg"]["split"] is None


def test_a_file_that_stays_unreadable_is_one_rejected_row(known, limits):
    new = {"path": "new.jpg", "sha256": "4" * 64}
    found = known.resolved(known.images(KNOWN, UNREADABLE, UNREADABLE, new), limits)
    rows = [row for row in found if row["path"] == "locked.jpg"]
    assert [(row["status"], row["reason"]) for row in rows] == [("rejected", "unreadable")]


# --- limits that change between runs --------------------------------------------------------------

SIZES = {"wide.jpg": (20, 9), "heavy.jpg": (9, 20), "small.jpg": (9, 9), "tiny.jpg": (1, 1)}
"""Pixels and bytes by name."""
TOO_MUCH = {"wide.jpg": "too_many_pixels", "heavy.jpg": "too_many_bytes"}


@pytest.fixture
def sized(tmp_path, parameters) -> Known:
    return Known(
        tmp_path, parameters, [{"path": name, "size": size} for name, (_, size) in SIZES.items()]
    )


def read_under(limits: IngestionParameters) -> list[dict[str, Any]]:
    """What a run with these limits read."""
    rows = []
    for number, (name, (width, size)) in enumerate(SIZES.items()):
        row: dict[str, Any] = {"path": name, "size": size}
        if size > limits.max_bytes:
            row |= {"width": None, "height": None, "format": None, "reason": "too_many_bytes"}
        else:
            wide = "too_many_pixels" if width > limits.max_pixels else None
            row |= {"width": width, "sha256": f"{number}" * 64, "reason": wide}
        rows.append(row)
    return rows


def reasons(sized: Known, images: Table, limits: IngestionParameters) -> dict[str, str | None]:
    rows = sized.resolved(images, limits)
    assert len(rows) == len(SIZES)
    return {row["path"]: row["reason"] for row in rows}


def test_a_raised_limit_reads_what_it_now_allows(sized, limited):
    strict, generous = limited(10), limited(30)
    before = read_under(strict)
    images = sized.images(*before)
    assert reasons(sized, images, strict) == dict.fromkeys(SIZES) | TOO_MUCH
    assert sized.unread(images, strict) == set()
    assert sized.unread(images, generous) == {"wide.jpg", "heavy.jpg"}
    again = [row for row in read_under(generous) if row["path"] in TOO_MUCH]
    assert reasons(sized, sized.images(*before, *again), generous) == dict.fromkeys(SIZES)


def test_a_lowered_limit_holds_for_what_was_kept(sized, limited):
    images, strict = sized.images(*read_under(limited(30))), limited(10)
    assert sized.unread(images, strict) == set()
    assert reasons(sized, images, strict) == dict.fromkeys(SIZES) | TOO_MUCH
