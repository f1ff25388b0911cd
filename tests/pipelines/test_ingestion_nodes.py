"""What ingestion decides about files it has met before."""

import pytest

from fruits_kedro.pipelines.ingestion.nodes import resolve_photographs, select_unread_files
from fruits_kedro.schemas import IMAGES, LISTING

KNOWN = ("good.jpg", "a", "1" * 64, None)
BROKEN = ("broken.jpg", "a", "2" * 64, "not_an_image")
UNREADABLE = ("locked.jpg", "a", None, "unreadable")


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
    unread = select_unread_files(listing, images(spark, KNOWN, BROKEN, UNREADABLE))
    assert {row.path for row in unread.collect()} == {"locked.jpg", "new.jpg"}


def test_a_file_that_became_readable_is_one_row_and_kept(spark, listing):
    read_later = ("locked.jpg", "a", "3" * 64, None)
    new = ("new.jpg", "a", "4" * 64, None)
    table = images(spark, KNOWN, BROKEN, UNREADABLE, UNREADABLE, read_later, new)
    rows = {row.path: row for row in resolve_photographs(listing, table).collect()}
    assert len(rows) == listing.count()
    assert (rows["locked.jpg"].status, rows["locked.jpg"].sha256) == ("kept", "3" * 64)
    assert (rows["broken.jpg"].status, rows["broken.jpg"].reason) == ("rejected", "not_an_image")


def test_a_file_that_stays_unreadable_is_one_rejected_row(spark, listing):
    table = images(spark, KNOWN, UNREADABLE, UNREADABLE)
    rows = [r for r in resolve_photographs(listing, table).collect() if r.path == "locked.jpg"]
    assert [(row.status, row.reason) for row in rows] == [("rejected", "unreadable")]
