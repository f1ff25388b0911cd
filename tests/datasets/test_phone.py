"""The file for a phone comes back as it was saved, or is refused."""

import json
from pathlib import Path

import pytest
from kedro.io import DatasetError

from fruits_kedro.datasets import PhoneModelDataset
from fruits_kedro.model.phone import Card, NoPhoneModel, PhoneModel

IDS = ("f" * 16, "r" * 16, "c" * 16)
CARD = Card(("Käse", "007"), 224, True, "as it is", "float32", *IDS, 0.5, None, ("studio",))
MODEL = PhoneModel.of(b"a flatbuffer", CARD)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "06_models" / "fruits.tflite"


@pytest.fixture
def dataset(path) -> PhoneModelDataset:
    return PhoneModelDataset(filepath=str(path))


def test_the_file_comes_back_with_its_card_beside_it(dataset, path):
    assert not dataset.exists()
    dataset.save(MODEL)
    assert dataset.exists()
    assert dataset.load() == MODEL
    assert path.read_bytes() == MODEL.content
    notes = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert notes["sha256"] == MODEL.sha256
    assert notes["card"]["labels"] == ["Käse", "007"]


def test_it_is_known_by_its_content(dataset, path):
    dataset.save(MODEL)
    known = dataset.snapshot_id()
    dataset.save(PhoneModel.of(b"a flatbuffer", CARD))
    assert dataset.snapshot_id() == known
    dataset.save(PhoneModel.of(b"another", CARD))
    assert dataset.snapshot_id() != known
    path.unlink()
    assert dataset.snapshot_id() is None


def test_why_there_is_none_takes_the_place_of_the_file(dataset, path):
    dataset.save(MODEL)
    dataset.save(NoPhoneModel("No."))
    assert not path.exists()
    assert dataset.exists()
    assert dataset.load() == NoPhoneModel("No.")
    assert dataset.snapshot_id() is not None


def test_an_altered_file_is_refused(dataset, path):
    dataset.save(MODEL)
    path.write_bytes(b"another")
    with pytest.raises(DatasetError, match=r"is not what this project wrote .its sha256"):
        dataset.load()


@pytest.mark.parametrize("notes", ["", "[]", '{"sha256": "x"}', '{"card": {"labels": []}}'])
def test_a_card_that_is_none_is_refused(dataset, path, notes):
    dataset.save(MODEL)
    path.with_suffix(".json").write_text(notes)
    with pytest.raises(DatasetError, match="run kedro run --pipelines=classification"):
        dataset.load()


def test_nothing_saved_yet_is_told(dataset):
    with pytest.raises(DatasetError, match=r"There is no .* yet: run kedro run"):
        dataset.load()
