"""The folder of backgrounds: what is there, and one sentence where nothing is."""

import shutil

import pytest
from kedro.io import DatasetError
from runs import SAMPLE

from fruits_kedro.datasets import BackgroundsDataset
from fruits_kedro.photos.augmentation.backgrounds import shipped_backgrounds


def dataset(folder) -> BackgroundsDataset:
    return BackgroundsDataset(folder=str(folder))


def test_the_shipped_ones_are_loaded_by_their_name():
    shipped = dataset("shipped")
    assert shipped.exists()
    assert shipped.load() == shipped_backgrounds("train")
    assert shipped.snapshot_id() == dataset("shipped").snapshot_id()


def test_a_folder_is_read_recursively_and_known_by_its_listing(tmp_path):
    (tmp_path / "kitchen").mkdir()
    shutil.copyfile(SAMPLE / "Training" / "Kiwi" / "0_100.jpg", tmp_path / "kitchen" / "a.jpg")
    (tmp_path / "notes.txt").write_text("no photograph")
    own = dataset(tmp_path)
    assert len(own.load().photographs) == 1
    before = own.snapshot_id()
    shutil.copyfile(SAMPLE / "Training" / "Kiwi" / "1_100.jpg", tmp_path / "b.jpg")
    assert own.snapshot_id() != before
    assert len(own.load().photographs) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", r"backgrounds .*missing does not exist: name"),
        ("", r"no photographs in the folder"),
    ],
)
def test_no_folder_and_an_empty_folder_are_told_with_what_to_do(tmp_path, name, message):
    with pytest.raises(DatasetError, match=message) as error:
        dataset(tmp_path / name).load()
    assert "--params=backgrounds=FOLDER" in str(error.value)


def test_it_is_never_written():
    with pytest.raises(DatasetError, match="is only read"):
        dataset("shipped").save(object())
