"""Networks, reducers and classifiers come back bit by bit, and reading one executes nothing."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError
from made_rows import LABELS, classification
from phone_models import make_classifier
from sentences import sentence_of

from fruits_kedro.datasets import (
    BackboneDataset,
    ClassifierDataset,
    KnownBackbonesDataset,
    ReducerDataset,
)
from fruits_kedro.model.backbone import Backbone, BackboneSpec
from fruits_kedro.model.classifier import fit_classifier
from fruits_kedro.model.reducer import Reducer

KINDS = ("logistic_regression", "random_forest")


def make_reducer(seed: int = 0, k: int = 9, unit_length: bool = True) -> Reducer:
    random = np.random.default_rng(seed)
    mean, scale = random.normal(size=12), random.uniform(1, 2, size=12)
    components, ratio = random.normal(size=(k, 12)), random.uniform(size=k)
    return Reducer(mean, scale, components, ratio, 17, "0123456789abcdef", unit_length)


def components(rows: int = 30) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, 9)).astype(np.float32)


def make(kind: str, seed: int = 0) -> Any:
    if kind == "reducer":
        return make_reducer(seed)
    if kind == "calibrated":
        return make_classifier(make_reducer(seed))
    targets = np.arange(30) % len(LABELS)
    return fit_classifier(components(), targets, LABELS, f"reducer {seed}", classification(kind))


def dataset_of(kind: str, folder: Path) -> Any:
    cls = ReducerDataset if kind == "reducer" else ClassifierDataset
    return cls(filepath=str(folder / "model"))


@pytest.fixture(params=["reducer", "calibrated", *KINDS])
def kind(request) -> str:
    return str(request.param)


def test_a_model_comes_back_bit_by_bit(kind, tmp_path):
    dataset, saved = dataset_of(kind, tmp_path), make(kind)
    assert not dataset.exists()
    assert dataset.preview() is None
    sentence_of(dataset.load)
    dataset.save(saved)
    loaded = dataset.load()
    assert dataset.exists()
    assert type(loaded) is type(saved)
    found = loaded.arrays()
    for name, array in saved.arrays().items():
        assert np.asarray(found[name]).tobytes() == np.asarray(array).tobytes(), name
    assert loaded.id == saved.id


def test_the_newest_is_loaded(kind, tmp_path):
    dataset = dataset_of(kind, tmp_path)
    dataset.save(make(kind, 1))
    first = dataset.snapshot_id()
    dataset.save(make(kind, 2))
    assert dataset.load().id == make(kind, 2).id
    assert dataset.snapshot_id() not in (None, first)


def test_there_is_no_pickle_in_a_file(kind, tmp_path):
    dataset_of(kind, tmp_path).save(make(kind))
    [file] = (tmp_path / "model").iterdir()
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            array = np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
            assert array.dtype.hasobject is False


def test_an_altered_file_is_no_version_and_refused_by_name(kind, tmp_path):
    dataset = dataset_of(kind, tmp_path)
    dataset.save(make(kind))
    [file] = (tmp_path / "model").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert dataset.snapshot_id() is None
    assert str(file) in sentence_of(dataset.load)


def test_a_kind_that_is_not_installed_is_refused(tmp_path, monkeypatch):
    dataset = dataset_of("random_forest", tmp_path)
    dataset.save(make("random_forest"))
    monkeypatch.setattr("fruits_kedro.model.classifier.names_in", lambda package: ["other"])
    sentence_of(dataset.load)


# --- networks ------------------------------------------------------------------------------------


def made(weights: str, model: bytes = b"model") -> Backbone:
    return Backbone(BackboneSpec(weights, 224, "float32"), model + weights.encode())


@pytest.fixture
def networks(tmp_path) -> BackboneDataset:
    return BackboneDataset(filepath=str(tmp_path / "backbone"))


@pytest.fixture
def known(tmp_path) -> KnownBackbonesDataset:
    return KnownBackbonesDataset(filepath=str(tmp_path / "backbone"))


def models_on_disk(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.tflite")}


def test_the_newest_network_is_current_and_the_earlier_is_still_known(networks, known):
    assert known.load()(made("a").spec) is None
    networks.save(made("a"))
    networks.save(made("b"))
    find = known.load()
    assert networks.load() == made("b")
    assert find(made("a").spec) == made("a")
    assert find(made("b").spec) == made("b")
    assert find(made("c").spec) is None


def test_the_newest_calibration_is_found_whatever_one_asks_for(networks, known):
    asked = BackboneSpec("a", 224, "int8")
    first, second = (Backbone(replace(asked, calibration=c), b"model") for c in "12")
    networks.save(first)
    assert known.load()(asked) == first
    networks.save(second)
    assert known.load()(asked) == second
    assert known.load()(replace(asked, precision="float32")) is None


def test_going_back_and_forth_forgets_no_conversion(networks, known, tmp_path):
    networks.save(made("rare"))
    for _ in range(3):
        networks.save(made("a"))
        networks.save(made("b"))
    assert known.load()(made("rare").spec) == made("rare")
    assert len(models_on_disk(tmp_path)) == 3


def test_a_bounded_number_of_conversions_stays(networks, tmp_path):
    for weights in "abcdefghij":
        networks.save(made(weights))
    assert len(models_on_disk(tmp_path)) == 8
    assert networks.load() == made("j")


def test_an_altered_network_is_refused_and_made_again(networks, known, tmp_path):
    networks.save(made("a"))
    (model,) = tmp_path.rglob("*.tflite")
    model.write_bytes(b"altered")
    assert networks.snapshot_id() is None
    sentence_of(networks.load)
    assert known.load()(made("a").spec) is None
    networks.save(made("a"))
    assert networks.load() == made("a")


def test_known_networks_are_never_saved_and_forgotten_by_refresh(networks, known, tmp_path):
    with pytest.raises(DatasetError, match="for reading only"):
        known.save(made("a"))
    assert os.listdir(tmp_path) == []
    assert not known.exists()
    networks.save(made("a"))
    assert known.exists()
    again = KnownBackbonesDataset(filepath=str(tmp_path / "backbone"), refresh=True)
    assert again.load()(made("a").spec) is None
