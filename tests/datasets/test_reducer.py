"""A reducer comes back bit by bit, and reading it executes nothing."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from fruits_kedro.datasets import ReducerDataset
from fruits_kedro.model.reducer import Reducer


def make_reducer(seed: int = 0, k: int = 3, unit_length: bool = True) -> Reducer:
    random = np.random.default_rng(seed)
    mean, scale = random.normal(size=8), random.uniform(1, 2, size=8)
    components, ratio = random.normal(size=(k, 8)), random.uniform(size=k)
    return Reducer(mean, scale, components, ratio, 17, "0123456789abcdef", unit_length)


@pytest.fixture
def dataset(tmp_path) -> ReducerDataset:
    return ReducerDataset(filepath=str(tmp_path / "reducer"))


def newest_file(folder: Path) -> Path:
    return max(folder.rglob("*.npz"), key=lambda path: path.parent.name)


@pytest.mark.parametrize("unit_length", [True, False])
def test_a_reducer_comes_back_bit_by_bit(dataset, unit_length):
    saved = make_reducer(unit_length=unit_length)
    dataset.save(saved)
    loaded = dataset.load()
    for name in ("mean", "scale", "components", "explained_variance_ratio"):
        assert getattr(loaded, name).dtype == np.float64
        assert getattr(loaded, name).tobytes() == getattr(saved, name).tobytes(), name
    assert loaded.unit_length is unit_length
    assert (loaded.id, loaded.k, loaded.rows) == (saved.id, 3, 17)
    assert (loaded.fingerprint, type(loaded.fingerprint)) == ("0123456789abcdef", str)


def test_the_newest_is_loaded(dataset):
    dataset.save(make_reducer(1))
    dataset.save(make_reducer(2, k=5))
    assert dataset.load().id == make_reducer(2, k=5).id


def test_there_is_no_pickle_in_the_file(dataset, tmp_path):
    dataset.save(make_reducer())
    with zipfile.ZipFile(newest_file(tmp_path)) as archive:
        for name in archive.namelist():
            array = np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
            assert array.dtype.hasobject is False


def test_an_altered_file_is_refused_by_name(dataset, tmp_path):
    dataset.save(make_reducer(1))
    file = newest_file(tmp_path)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(DatasetError, match="is not what this project wrote") as error:
        dataset.load()
    assert str(file) in str(error.value)


def test_nothing_saved_yet_is_told(dataset):
    with pytest.raises(DatasetError, match=r"nothing at .*reducer yet"):
        dataset.load()


def test_it_exists_once_saved(dataset, tmp_path):
    assert not dataset.exists()
    assert os.listdir(tmp_path) == []
    dataset.save(make_reducer())
    assert dataset.exists()
