"""Folders of photographs as datasets: what is there, and one sentence where nothing is."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError
from made_folders import write
from runs import SAMPLE
from sentences import sentence_of

from fruits_kedro.datasets import BackgroundsDataset, OwnImagesDataset, RawImagesDataset
from fruits_kedro.photos.augmentation.backgrounds import shipped_backgrounds

ARGUMENTS = {
    RawImagesDataset: "filepath",
    OwnImagesDataset: "folders",
    BackgroundsDataset: "folder",
}


@pytest.fixture(params=ARGUMENTS, ids=lambda cls: cls.__name__)
def cls(request) -> type:
    return request.param


def dataset_of(cls: type, folder: Path | str) -> Any:
    return cls(**{ARGUMENTS[cls]: str(folder)})


def names(listing) -> list[str]:
    return listing.files.column("relative_path").to_pylist()


def test_photographs_are_never_written(tmp_path, cls):
    dataset = dataset_of(cls, tmp_path)
    assert dataset.exists()
    with pytest.raises(DatasetError, match="only read"):
        dataset.save(b"x")


def test_a_missing_folder_is_named_in_one_sentence(tmp_path, cls):
    missing = dataset_of(cls, tmp_path / "missing")
    assert missing.exists() is (cls is OwnImagesDataset)
    assert f"{tmp_path / 'missing'} does not exist: name" in sentence_of(missing.load)


def test_the_identity_changes_with_the_files(tmp_path, cls):
    write(tmp_path, "kitchen/a.jpg")
    before = dataset_of(cls, tmp_path).snapshot_id()
    assert dataset_of(cls, tmp_path).snapshot_id() == before
    write(tmp_path, "b.jpg")
    assert dataset_of(cls, tmp_path).snapshot_id() != before


@pytest.mark.parametrize("cls", [RawImagesDataset, OwnImagesDataset])
def test_a_load_takes_the_listing_of_the_identity_once(tmp_path, cls):
    dataset = dataset_of(cls, tmp_path)
    write(tmp_path, "a.jpg")
    dataset.snapshot_id()
    write(tmp_path, "b.jpg")
    loaded = [dataset.load() for _ in range(2)]
    listings = [one if cls is RawImagesDataset else one[0] for one in loaded]
    assert [listing.files.num_rows for listing in listings] == [1, 2]


def test_storage_and_own_photographs_below_the_images_are_not_listed(tmp_path):
    write(tmp_path, "Apple/1.jpg", "results/2.jpg", "kitchen/Apple/3.jpg", "shop/Apple/4.jpg")
    own = f"{tmp_path}/kitchen, {tmp_path}/shop"
    dataset = RawImagesDataset(filepath=str(tmp_path), exclude=[f"{tmp_path}/results", own, None])
    assert names(dataset.load()) == ["Apple/1.jpg"]


def test_images_and_storage_in_one_folder_are_an_error(tmp_path):
    write(tmp_path, "Apple/1.jpg")
    dataset = RawImagesDataset(filepath=f"{tmp_path}/", exclude=[f"file://{tmp_path}"])
    assert "different folders" in sentence_of(dataset.load)


@pytest.mark.parametrize("folders", [None, "", " , ", []])
def test_there_may_be_no_own_photographs(folders):
    dataset = OwnImagesDataset(folders=folders)
    assert (dataset.load(), dataset.snapshot_id()) == ([], "")


def test_own_photographs_are_in_several_folders(tmp_path):
    write(tmp_path, "shop/Apple/1.jpg", "kitchen/Pear/2.jpg")
    folders = [str(tmp_path / "shop"), str(tmp_path / "kitchen")]
    for named in (folders, ", ".join(folders)):
        found = [names(listing) for listing in OwnImagesDataset(folders=named).load()]
        assert found == [["Apple/1.jpg"], ["Pear/2.jpg"]]


def test_the_preview_shows_a_photograph_of_each_label(sample, tmp_path):
    assert RawImagesDataset(filepath=str(sample)).preview()
    assert RawImagesDataset(filepath=str(tmp_path / "missing")).preview() is None


def test_backgrounds_are_the_shipped_ones_or_the_photographs_below_a_folder(tmp_path):
    shipped = BackgroundsDataset(folder="shipped")
    assert shipped.exists()
    assert shipped.load() == shipped_backgrounds("train")
    assert shipped.snapshot_id() == shipped_backgrounds("train").id
    write(tmp_path, "notes.txt")
    own = BackgroundsDataset(folder=str(tmp_path))
    assert "--params=backgrounds=FOLDER" in sentence_of(own.load)
    shutil.copyfile(SAMPLE / "Training" / "Kiwi" / "0_100.jpg", tmp_path / "a.jpg")
    assert len(own.load().photographs) == 1
    before = own.snapshot_id()
    write(tmp_path, "more.txt", ".hidden.jpg")
    assert own.snapshot_id() == before
