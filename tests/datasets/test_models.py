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


def test_a_model_comes_back_bit_by_bit_without_pickle(kind, tmp_path):
    dataset, saved = dataset_of(kind, tmp_path), make(kind)
    assert not dataset.exists()
    assert dataset.preview() is None
    sentence_of(dataset.load)
    dataset.save(make(kind, 1))
    first = dataset.snapshot_id()
    dataset.save(saved)
    assert dataset.snapshot_id() not in (None, first)
    loaded = dataset.load()
    assert type(loaded) is type(saved)
    found = loaded.arrays()
    for name, array in saved.arrays().items():
        assert np.asarray(found[name]).tobytes() == np.asarray(array).tobytes(), name
    assert loaded.id == saved.id
    [file] = (tmp_path / "model").iterdir()
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            assert not np.load(io.BytesIO(archive.read(name))).dtype.hasobject


def test_an_altered_file_is_no_version_and_refused_by_name(kind, tmp_path):
    dataset = dataset_of(kind, tmp_path)
    dataset.save(make(kind))
    [file] = (tmp_path / "model").iterdir()
    for content in (file.read_bytes()[:-1] + b"!", b""):
        file.write_bytes(content)
        assert dataset.snapshot_id() is None
        assert str(file) in sentence_of(dataset.load)
    file.unlink()
    assert str(file) in sentence_of(dataset.load)


def test_a_save_that_died_leaves_the_old_version(tmp_path, monkeypatch):
    dataset = dataset_of("reducer", tmp_path)
    dataset.save(make_reducer(1))
    with monkeypatch.context() as patched:
        patched.setattr("fruits_kedro.storage.manifest.replace_file", lambda *_: 1 / 0)
        with pytest.raises(DatasetError):
            dataset.save(make_reducer(2))
    assert dataset.load().id == make_reducer(1).id
    dataset.tidy()
    assert len(os.listdir(tmp_path / "model")) == 1


@pytest.mark.parametrize("name", ["../x.parquet", "/etc/passwd", "x/y-0123456789abcdef.npz"])
def test_a_manifest_cannot_name_files_elsewhere(tmp_path, name):
    dataset = dataset_of("reducer", tmp_path)
    dataset.save(make_reducer())
    manifest, [stored] = tmp_path / ".model.manifest.json", os.listdir(tmp_path / "model")
    manifest.write_text(manifest.read_text().replace(stored, name))
    assert "manifest" in sentence_of(dataset.load)


def test_a_kind_that_is_not_installed_is_refused(tmp_path, monkeypatch):
    dataset = dataset_of("random_forest", tmp_path)
    dataset.save(make("random_forest"))
    monkeypatch.setattr("fruits_kedro.model.classifier.names_in", lambda package: ["other"])
    sentence_of(dataset.load)


# --- networks ------------------------------------------------------------------------------------


def made(weights: str) -> Backbone:
    return Backbone(BackboneSpec(weights, 224, "float32"), weights.encode())


@pytest.fixture
def networks(tmp_path) -> BackboneDataset:
    return BackboneDataset(filepath=str(tmp_path / "backbone"))


@pytest.fixture
def known(tmp_path) -> KnownBackbonesDataset:
    return KnownBackbonesDataset(filepath=str(tmp_path / "backbone"))


def test_the_newest_network_is_current_and_the_earlier_are_still_known(networks, known, tmp_path):
    assert known.load()(made("a").spec) is None
    for weights in "abcdefghijij":
        networks.save(made(weights))
    assert networks.load() == made("j")
    found = {weights: known.load()(made(weights).spec) for weights in "abcdefghijx"}
    assert found == {weights: made(weights) if weights in "cdefghij" else None for weights in found}
    assert len(os.listdir(tmp_path / "backbone")) == 8


def test_the_newest_calibration_is_found_whatever_one_asks_for(networks, known):
    asked = BackboneSpec("a", 224, "int8")
    first, second = (Backbone(replace(asked, calibration=c), b"model") for c in "12")
    networks.save(first)
    assert known.load()(asked) == first
    networks.save(second)
    assert known.load()(asked) == second
    assert known.load()(replace(asked, precision="float32")) is None


def test_an_altered_network_is_refused_and_made_again(networks, known, tmp_path):
    networks.save(made("a"))
    (model,) = tmp_path.rglob("*.tflite")
    networks.save(made("b"))
    model.write_bytes(b"altered")
    assert networks.snapshot_id() is None
    assert networks.load() == made("b")
    assert known.load()(made("a").spec) is None
    networks.save(made("b"))
    assert networks.snapshot_id() is not None
    assert not model.exists()


def test_known_networks_are_never_saved_and_forgotten_by_refresh(networks, known, tmp_path):
    with pytest.raises(DatasetError, match="for reading only"):
        known.save(made("a"))
    assert os.listdir(tmp_path) == []
    assert not known.exists()
    networks.save(made("a"))
    assert known.exists()
    again = KnownBackbonesDataset(filepath=str(tmp_path / "backbone"), refresh=True)
    assert again.load()(made("a").spec) is None
