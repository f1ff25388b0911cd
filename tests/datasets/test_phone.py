"""The file for a phone comes back as it was saved, or is refused."""

import json
from pathlib import Path

import pytest
from sentences import sentence_of

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


def test_the_file_comes_back_with_its_card_beside_it_and_is_known_by_its_content(dataset, path):
    assert not dataset.exists()
    assert "There is no" in sentence_of(dataset.load)
    ids = []
    for model in (MODEL, PhoneModel.of(b"another", CARD), MODEL):
        dataset.save(model)
        assert dataset.load() == model
        assert path.read_bytes() == model.content
        ids.append(dataset.snapshot_id())
    assert ids[0] == ids[2] != ids[1]
    notes = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert notes["sha256"] == MODEL.sha256
    assert notes["card"]["labels"] == ["Käse", "007"]


def test_why_there_is_none_takes_the_place_of_the_file(dataset, path):
    dataset.save(MODEL)
    dataset.save(NoPhoneModel("No."))
    assert not path.exists()
    assert dataset.exists()
    assert dataset.load() == NoPhoneModel("No.")


@pytest.mark.parametrize("notes", ["", "[]", '{"sha256": "x"}', '{"card": {"labels": []}}'])
def test_an_altered_file_or_card_is_refused(dataset, path, notes):
    for altered in (path, path.with_suffix(".json")):
        dataset.save(MODEL)
        altered.write_text(notes)
        assert dataset.snapshot_id() is None
        assert "--pipelines=classification" in sentence_of(dataset.load)
    dataset.save(MODEL)
    path.unlink()
    assert not dataset.exists()
