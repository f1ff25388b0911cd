"""Reading a batch of listed files: what the listing says and what the disk says by then."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from corpus import Photos, bmp, tiff

from fruits_kedro.photos import batches
from fruits_kedro.photos.batches import contents, read_batch
from fruits_kedro.photos.limits import Limits
from fruits_kedro.photos.listing import list_files
from fruits_kedro.photos.reasons import Reason

LIMITS = Limits(max_bytes=1_000_000, max_pixels=1_000_000, stored_bytes=1_000_000)


@pytest.fixture
def folder(tmp_path) -> Path:
    photos = Photos()
    for name in "abc":
        (tmp_path / f"{name}.jpg").write_bytes(photos.next())
    return tmp_path


def listed(folder: Path) -> pa.RecordBatch:
    [batch] = list_files(str(folder)).files.to_batches()
    return batch


def read(batch: pa.RecordBatch, limits: Limits = LIMITS) -> dict[str, dict]:
    """Rows by file name."""
    rows = [row for part in read_batch(batch, limits) for row in part.to_pylist()]
    assert len(rows) == batch.num_rows
    return {Path(row["path"]).name: row for row in rows}


def test_a_file_that_vanishes_after_the_listing_costs_its_own_row(folder):
    batch = listed(folder)
    (folder / "b.jpg").unlink()
    reasons = {name: row["reason"] for name, row in read(batch).items()}
    assert reasons == {"a.jpg": None, "b.jpg": Reason.UNREADABLE, "c.jpg": None}


def test_a_file_that_changes_after_the_listing_is_another_file_in_the_next(folder):
    """Its row has the present bytes under the key of before; the next listing has a new key."""
    before, changed = listed(folder), Photos().paths[10].read_bytes()
    (folder / "b.jpg").write_bytes(changed)
    row = read(before)["b.jpg"]
    assert (row["bytes"], row["sha256"]) == (changed, hashlib.sha256(changed).hexdigest())
    key = ("path", "size", "modified")
    keys = [tuple(row[name] for name in key) for row in listed(folder).to_pylist()]
    assert len(keys) == 3
    assert tuple(row[name] for name in key) not in keys


def test_a_file_above_the_limit_is_rejected_unread(folder):
    batch = listed(folder)
    limit = min(batch.column("size").to_pylist())
    rows = read(batch, replace(LIMITS, max_bytes=limit))
    for name, row in rows.items():
        small = os.stat(folder / name).st_size <= limit
        assert row["reason"] == (None if small else Reason.TOO_MANY_BYTES)
        assert (row["bytes"] is None, row["sha256"] is None) == (not small, not small)
    assert {row["reason"] for row in rows.values()} == {None, Reason.TOO_MANY_BYTES}


@pytest.mark.parametrize("content", [tiff(2**32 - 1, 2**32 - 1), bmp(1, -(2**31)), tiff(1, 2**31)])
def test_a_side_that_no_table_holds_is_rejected_like_any_large_one(tmp_path, content):
    """A few bytes must not end the task of a thousand photographs."""
    (tmp_path / "x.jpg").write_bytes(content)
    [row] = read(listed(tmp_path)).values()
    assert row["reason"] == Reason.TOO_MANY_PIXELS
    assert max(row["width"], row["height"]) == 2**31 - 1


def test_large_photographs_make_small_batches(folder, monkeypatch):
    monkeypatch.setattr(batches, "MAX_BATCH_BYTES", 1)
    assert [part.num_rows for part in read_batch(listed(folder), LIMITS)] == [1, 1, 1]


def test_a_large_photograph_is_read_and_not_copied(folder):
    batch = listed(folder)
    limit = min(batch.column("size").to_pylist())
    rows = read(batch, replace(LIMITS, stored_bytes=limit))
    whole = read(batch)
    for name, row in rows.items():
        small = os.stat(folder / name).st_size <= limit
        assert row["bytes"] == (whole[name]["bytes"] if small else None)
        assert row["sha256"] == whole[name]["sha256"]
        assert row["reason"] is None


def test_what_was_not_copied_is_read_again(folder):
    [whole] = read_batch(listed(folder), LIMITS)
    [uncopied] = read_batch(listed(folder), replace(LIMITS, stored_bytes=0))
    assert list(contents(uncopied)) == whole.column("bytes").to_pylist()


def test_what_vanished_or_changed_before_it_is_read_again_has_a_reason(folder):
    [batch] = read_batch(listed(folder), replace(LIMITS, stored_bytes=0))
    (folder / "a.jpg").unlink()
    (folder / "b.jpg").write_bytes(Photos().paths[10].read_bytes())
    found = list(contents(batch))
    assert found[:2] == [Reason.UNREADABLE, Reason.UNREADABLE]
    assert isinstance(found[2], bytes)


@pytest.mark.parametrize("columns", [{}, {"sha256": pa.array([None], pa.string())}])
def test_what_was_never_read_has_no_content(columns):
    rows = pa.table({"path": ["a.jpg"], "bytes": pa.array([None], pa.binary()), **columns})
    assert list(contents(rows)) == [None]
