"""Folders of photographs as datasets."""

import os

import pytest
from kedro.io import DatasetError

from fruits_kedro.datasets import OwnImagesDataset, RawImagesDataset


def names(listing) -> list[str]:
    return listing.files.column("relative_path").to_pylist()


def write(folder, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_every_file_of_the_sample_is_listed(sample):
    listing = RawImagesDataset(filepath=str(sample)).load()
    assert listing.files.num_rows == sum(path.is_file() for path in sample.rglob("*"))


def test_storage_and_own_photographs_below_the_images_are_not_listed(tmp_path):
    write(tmp_path, "Apple/1.jpg", "results/2.jpg", "kitchen/Apple/3.jpg", "shop/Apple/4.jpg")
    own = f"{tmp_path}/kitchen, {tmp_path}/shop"
    dataset = RawImagesDataset(filepath=str(tmp_path), exclude=[f"{tmp_path}/results", own, None])
    assert names(dataset.load()) == ["Apple/1.jpg"]


def test_images_and_storage_in_one_folder_are_an_error(tmp_path):
    write(tmp_path, "Apple/1.jpg")
    dataset = RawImagesDataset(filepath=f"{tmp_path}/", exclude=[f"file://{tmp_path}"])
    with pytest.raises(DatasetError, match="different folders"):
        dataset.load()


def test_a_missing_folder_is_an_error(tmp_path):
    missing = RawImagesDataset(filepath=str(tmp_path / "missing"))
    assert not missing.exists()
    with pytest.raises(DatasetError, match="missing does not exist"):
        missing.load()


@pytest.mark.parametrize("kind", [RawImagesDataset, OwnImagesDataset])
def test_photographs_are_never_written(tmp_path, kind):
    argument = "filepath" if kind is RawImagesDataset else "folders"
    dataset = kind(**{argument: str(tmp_path)})
    assert dataset.exists()
    with pytest.raises(DatasetError, match=r"read-only|never written"):
        dataset.save(b"x")
    assert os.listdir(tmp_path) == []


def test_the_identity_changes_with_the_files_and_only_then(tmp_path):
    def identity() -> str:
        return RawImagesDataset(filepath=str(tmp_path)).snapshot_id()

    write(tmp_path, "a.jpg")
    seen = [identity()]
    assert identity() == seen[0]
    write(tmp_path, "b.jpg")
    seen.append(identity())
    os.utime(tmp_path / "b.jpg", (1, 1))
    seen.append(identity())
    (tmp_path / "b.jpg").write_bytes(b"xx")
    os.utime(tmp_path / "b.jpg", (1, 1))
    seen.append(identity())
    write(tmp_path, "c.txt")
    seen.append(identity())
    assert len(set(seen)) == 5


@pytest.mark.parametrize("kind", [RawImagesDataset, OwnImagesDataset])
def test_a_load_takes_the_listing_of_the_identity_once(tmp_path, kind):
    argument = "filepath" if kind is RawImagesDataset else "folders"
    dataset = kind(**{argument: str(tmp_path)})
    write(tmp_path, "a.jpg")
    dataset.snapshot_id()
    write(tmp_path, "b.jpg")
    loaded = [dataset.load() for _ in range(2)]
    listings = [one if kind is RawImagesDataset else one[0] for one in loaded]
    assert [listing.files.num_rows for listing in listings] == [1, 2]


@pytest.mark.parametrize("folders", [None, "", " , ", []])
def test_there_may_be_no_own_photographs(folders):
    dataset = OwnImagesDataset(folders=folders)
    assert dataset.load() == []
    assert dataset.snapshot_id() == ""


@pytest.mark.parametrize("as_text", [True, False])
def test_own_photographs_are_in_several_folders(tmp_path, as_text):
    write(tmp_path, "shop/Apple/1.jpg", "kitchen/Pear/2.jpg")
    folders = [str(tmp_path / "shop"), str(tmp_path / "kitchen")]
    dataset = OwnImagesDataset(folders=", ".join(folders) if as_text else folders)
    assert [names(listing) for listing in dataset.load()] == [["Apple/1.jpg"], ["Pear/2.jpg"]]
    before = dataset.snapshot_id()
    write(tmp_path, "shop/Apple/3.jpg")
    assert dataset.snapshot_id() != before


def test_the_preview_shows_a_photograph_of_each_label(sample, tmp_path):
    assert RawImagesDataset(filepath=str(sample)).preview()
    assert RawImagesDataset(filepath=str(tmp_path / "missing")).preview() is None
