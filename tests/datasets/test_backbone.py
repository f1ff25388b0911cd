"""Conversions are kept by fingerprint and found again without writing anything."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from fruits_kedro.model.backbone.artefact import Backbone, BackboneSpec
from kedro.io import DatasetError

from fruits_kedro import FruitsError
from fruits_kedro.datasets import BackboneDataset, KnownBackbonesDataset


def made(weights: str, model: bytes = b"model") -> Backbone:
    return Backbone(BackboneSpec(weights, 224, "float32"), model + weights.encode())


@pytest.fixture
def dataset(tmp_path) -> BackboneDataset:
    return BackboneDataset(filepath=str(tmp_path / "backbone"))


@pytest.fixture
def known(tmp_path) -> KnownBackbonesDataset:
    return KnownBackbonesDataset(filepath=str(tmp_path / "backbone"))


def models_on_disk(folder: Path) -> dict[str, int]:
    """Model files and when they were written."""
    return {str(path): os.stat(path).st_mtime_ns for path in folder.rglob("*.tflite")}


def test_a_backbone_comes_back(dataset):
    dataset.save(made("a"))
    assert dataset.load() == made("a")


def test_the_newest_is_current_and_the_earlier_is_still_known(dataset, known):
    dataset.save(made("a"))
    dataset.save(made("b"))
    find = known.load()
    assert dataset.load() == made("b")
    assert find(made("a").spec) == made("a")
    assert find(made("b").spec) == made("b")
    assert find(made("c").spec) is None


def test_nothing_is_known_in_a_new_folder(known):
    assert known.load()(made("a").spec) is None
    assert not known.exists()


def test_the_newest_calibration_is_found_whatever_one_asks_for(dataset, known):
    asked = BackboneSpec("a", 224, "int8")
    first, second = (Backbone(replace(asked, calibration=c), b"model") for c in "12")
    dataset.save(first)
    assert known.load()(asked) == first
    dataset.save(second)
    assert known.load()(asked) == second
    assert known.load()(replace(asked, precision="float32")) is None


def test_a_known_backbone_is_not_written_again(dataset, tmp_path):
    dataset.save(made("a"))
    dataset.save(made("b"))
    before = models_on_disk(tmp_path)
    dataset.save(made("b"))
    dataset.save(made("a"))
    assert models_on_disk(tmp_path) == before
    assert dataset.load() == made("a")


def test_going_back_and_forth_forgets_no_conversion(dataset, known):
    dataset.save(made("rare"))
    for _ in range(6):
        dataset.save(made("a"))
        dataset.save(made("b"))
    assert known.load()(made("rare").spec) == made("rare")


def test_a_bounded_number_of_conversions_stays(tmp_path):
    dataset = BackboneDataset(filepath=str(tmp_path), keep=3)
    for weights in "abcde":
        dataset.save(made(weights))
    assert len(models_on_disk(tmp_path)) == 3


def test_the_real_backbone_comes_back(backbone, dataset):
    dataset.save(backbone)
    assert dataset.load() == backbone


def test_an_altered_model_is_refused_by_name(dataset, known, tmp_path):
    dataset.save(made("a"))
    (model,) = tmp_path.rglob("*.tflite")
    model.write_bytes(b"altered")
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert isinstance(error.value.__cause__, FruitsError)
    assert str(model) in error.value.__cause__.message
    with pytest.raises(FruitsError, match=r"backbone\.tflite is not what this project wrote"):
        known.load()(made("a").spec)


def test_a_preview_is_the_spec(dataset):
    dataset.save(made("a"))
    assert '"weights_sha256": "a"' in dataset.preview()


def test_known_backbones_are_never_saved(known, tmp_path):
    with pytest.raises(DatasetError, match="opened for reading only"):
        known.save(made("a"))
    assert os.listdir(tmp_path) == []


def test_it_exists_once_saved(dataset, known):
    assert not dataset.exists()
    dataset.save(made("a"))
    assert dataset.exists()
    assert known.exists()
