"""What ingestion decides about files it has met before."""

import pytest

from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.pipelines.ingestion.nodes import resolve_photographs, select_unread_files
from fruits_kedro.storage.schemas import IMAGES, LISTING

KNOWN = ("good.jpg", "a", "1" * 64, None)
BROKEN = ("broken.jpg", "a", "2" * 64, "not_an_image")
UNREADABLE = ("locked.jpg", "a", None, "unreadable")
LIMITS = IngestionParameters(
    max_pixels=100, max_bytes=100, stored_bytes=1000, max_bad_share=0.5, slice_files=10
)


@pytest.fixture(scope="module")
def listing(spark):
    names = ["good.jpg", "broken.jpg", "locked.jpg", "new.jpg"]
    return spark.createDataFrame([(name, "a", None, 1, "t", None) for name in names], LISTING)


def images(spark, *rows):
    table = [
        (path, label, None, 1, "t", sha256, 1, 1, "JPEG", b"x" if sha256 else None, reason)
        for path, label, sha256, reason in rows
    ]
    return spark.createDataFrame(table, IMAGES)


def test_new_and_unreadable_files_are_read_and_no_others(spark, listing):
    unread = select_unread_files(listing, images(spark, KNOWN, BROKEN, UNREADABLE), LIMITS)
    assert {row.path for row in unread.collect()} == {"locked.jpg", "new.jpg"}


def test_a_file_that_became_readable_is_one_row_and_kept(spark, listing):
    read_later = ("locked.jpg", "a", "3" * 64, None)
    new = ("new.jpg", "a", "4" * 64, None)
    table = images(spark, KNOWN, BROKEN, UNREADABLE, UNREADABLE, read_later, new)
    rows = {row.path: row for row in resolve_photographs(listing, table, LIMITS).collect()}
    assert len(rows) == listing.count()
    assert (rows["locked.jpg"].status, rows["locked.jpg"].sha256) == ("kept", "3" * 64)
    assert (rows["broken.jpg"].status, rows["broken.jpg"].reason) == ("rejected", "not_an_image")


def test_a_file_that_stays_unreadable_is_one_rejected_row(spark, listing):
    table = images(spark, KNOWN, UNREADABLE, UNREADABLE)
    found = resolve_photographs(listing, table, LIMITS).collect()
    rows = [row for row in found if row.path == "locked.jpg"]
    assert [(row.status, row.reason) for row in rows] == [("rejected", "unreadable")]


# --- limits that change between runs --------------------------------------------------------------

SIZES = {"wide.jpg": (20, 9), "heavy.jpg": (9, 20), "small.jpg": (9, 9)}
"""Pixels and bytes by name."""


def known_under(spark, limits: IngestionParameters):
    """The listing, and what a run with these limits read of it."""
    listing, table = [], []
    for number, (name, (width, size)) in enumerate(SIZES.items()):
        listing.append((name, "a", None, size, "t", None))
        heavy, wide = size > limits.max_bytes, width > limits.max_pixels
        reason = "too_many_bytes" if heavy else "too_many_pixels" if wide else None
        header = (None, None, None, None) if heavy else (f"{number}" * 64, width, 1, "JPEG")
        table.append((name, "a", None, size, "t", *header, None if reason else b"x", reason))
    return spark.createDataFrame(listing, LISTING), spark.createDataFrame(table, IMAGES)


def limited(max_bytes: int, max_pixels: int) -> IngestionParameters:
    return LIMITS.model_copy(update={"max_bytes": max_bytes, "max_pixels": max_pixels})


def reasons(listing, table, limits: IngestionParameters) -> dict[str, str | None]:
    rows = resolve_photographs(listing, table, limits).collect()
    assert len(rows) == len(SIZES)
    return {row.path: row.reason for row in rows}


def test_a_raised_limit_reads_what_it_now_allows(spark):
    strict, generous = limited(10, 10), limited(30, 30)
    listing, table = known_under(spark, strict)
    expected = {"wide.jpg": "too_many_pixels", "heavy.jpg": "too_many_bytes", "small.jpg": None}
    assert reasons(listing, table, strict) == expected
    assert select_unread_files(listing, table, strict).collect() == []
    unread = select_unread_files(listing, table, generous)
    assert {row.path for row in unread.collect()} == {"wide.jpg", "heavy.jpg"}
    _, read_again = known_under(spark, generous)
    both = table.union(read_again.filter("path != 'small.jpg'"))
    assert reasons(listing, both, generous) == dict.fromkeys(SIZES)


def test_a_lowered_limit_holds_for_what_was_kept(spark):
    listing, table = known_under(spark, limited(30, 30))
    strict = limited(10, 10)
    assert select_unread_files(listing, table, strict).collect() == []
    expected = {"wide.jpg": "too_many_pixels", "heavy.jpg": "too_many_bytes", "small.jpg": None}
    assert reasons(listing, table, strict) == expected
