"""The image folder as a dataset."""

import os

import pytest
from kedro.io import DatasetError

from fruits_kedro.datasets import RawImagesDataset


def test_the_sample_is_listed(sample):
    listing = RawImagesDataset(filepath=str(sample), extensions=["jpg"]).load()
    assert listing.files.num_rows == sum(1 for _ in sample.rglob("*.jpg"))
    assert listing.ignored == {"(none)": 1, "md": 1}


@pytest.mark.parametrize("extensions", [["jpg"], ["JPG"], [".jpg"]])
def test_extensions_are_taken_in_any_form(tmp_path, extensions):
    for name in ("a.jpg", "b.JPG", "c.png"):
        (tmp_path / name).write_bytes(b"x")
    listing = RawImagesDataset(filepath=str(tmp_path), extensions=extensions).load()
    assert listing.files["relative_path"].to_pylist() == ["a.jpg", "b.JPG"]
    assert listing.ignored == {"png": 1}


def test_a_folder_without_photographs_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"There are no photographs in .*\(1 other files\)"):
        RawImagesDataset(filepath=str(tmp_path), extensions=["jpg"]).load()


def test_a_missing_folder_is_told(tmp_path):
    missing = RawImagesDataset(filepath=str(tmp_path / "missing"), extensions=["jpg"])
    assert not missing.exists()
    with pytest.raises(DatasetError, match="missing does not exist"):
        missing.load()


def test_photographs_are_never_written(tmp_path):
    dataset = RawImagesDataset(filepath=str(tmp_path), extensions=["jpg"])
    assert dataset.exists()
    with pytest.raises(DatasetError, match="only read, never written"):
        dataset.save(b"x")
    assert os.listdir(tmp_path) == []


def test_the_identity_changes_with_the_files_and_only_then(tmp_path):
    def identity() -> str:
        return RawImagesDataset(filepath=str(tmp_path), extensions=["jpg"]).snapshot_id()

    (tmp_path / "a.jpg").write_bytes(b"x")
    seen = [identity()]
    assert identity() == seen[0]
    (tmp_path / "b.jpg").write_bytes(b"x")
    seen.append(identity())
    os.utime(tmp_path / "b.jpg", (1, 1))
    seen.append(identity())
    (tmp_path / "b.jpg").write_bytes(b"xx")
    os.utime(tmp_path / "b.jpg", (1, 1))
    seen.append(identity())
    (tmp_path / "c.txt").write_bytes(b"x")
    seen.append(identity())
    assert len(set(seen)) == 5


def test_a_load_takes_the_listing_of_the_identity_once(tmp_path):
    dataset = RawImagesDataset(filepath=str(tmp_path), extensions=["jpg"])
    (tmp_path / "a.jpg").write_bytes(b"x")
    dataset.snapshot_id()
    (tmp_path / "b.jpg").write_bytes(b"x")
    assert [dataset.load().files.num_rows for _ in range(2)] == [1, 2]
