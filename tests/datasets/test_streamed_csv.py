"""A CSV file appears when it is complete, with the table's values."""

import os
import uuid
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from fruits_kedro import FruitsError
from fruits_kedro.datasets import StreamedCsvDataset
from fruits_kedro.datasets.csv_text import render_csv
from fruits_kedro.datasets.streamed_csv import CsvText
from fruits_kedro.storage.files import filesystem

SCHEMA = "path string, label string, components array<float>"
OLD = "path,label\n/old,x\n"


@pytest.fixture(params=["disk", "memory"])
def uri(request, tmp_path) -> str:
    if request.param == "disk":
        return str(tmp_path / "deep" / "table.csv")
    return f"memory://{uuid.uuid4().hex}/table.csv"


def write(uri: str, text: str) -> None:
    fs, path = filesystem(uri)
    with fs.open(path, "wb") as file:
        file.write(text.encode())


def beside(uri: str) -> list[str]:
    fs, path = filesystem(uri)
    folder = path.rsplit("/", 1)[0]
    return [name.rsplit("/", 1)[-1] for name in fs.ls(folder, detail=False)]


def test_a_table_comes_back_with_its_float32_values_in_the_order_of_paths(spark, uri):
    values = np.random.default_rng(0).normal(size=(500, 5)).astype(np.float32)
    rows = [(f'/{i:03} ",\n.jpg', f"label {i % 3}", values[i].tolist()) for i in range(500)]
    table = spark.createDataFrame(rows, SCHEMA).repartition(4)
    dataset = StreamedCsvDataset(filepath=uri)
    dataset.save(render_csv(table, wide="components", prefix="pc_"))
    read = dataset.load()
    names = [f"pc_{i}" for i in range(1, 6)]
    assert list(read.columns) == ["path", "label", *names]
    assert read.path.tolist() == [row[0] for row in rows]
    assert (read[names].to_numpy().astype(np.float32) == values).all()
    assert beside(uri) == ["table.csv"]


def test_labels_that_look_like_numbers_or_missing_values_load_as_text(spark, tmp_path):
    labels = ["007", "1e5", "nan", "NA", "True"]
    rows = [(f"/{i}.jpg", label, [1.0]) for i, label in enumerate(labels)]
    dataset = StreamedCsvDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(render_csv(spark.createDataFrame(rows, SCHEMA), wide="components"))
    assert dataset.load().label.tolist() == labels


@pytest.mark.parametrize("label", ["007", "nan"])
def test_a_table_of_one_such_label_loads_as_text(spark, tmp_path, label):
    dataset = StreamedCsvDataset(filepath=str(tmp_path / "table.csv"))
    table = spark.createDataFrame([("/0.jpg", label)], "path string, label string")
    dataset.save(render_csv(table))
    assert dataset.load().label.tolist() == [label]


def test_saving_replaces(spark, uri):
    write(uri, OLD)
    dataset = StreamedCsvDataset(filepath=uri)
    dataset.save(render_csv(spark.createDataFrame([("/new", "y")], "path string, label string")))
    pd.testing.assert_frame_equal(dataset.load(), pd.DataFrame({"path": ["/new"], "label": ["y"]}))


def good_then_bad() -> Iterator[bytes]:
    yield from [b"line\n"] * 3
    raise ValueError("no such photograph")


def test_a_failing_chunk_leaves_the_old_file(uri):
    write(uri, OLD)
    with pytest.raises(DatasetError, match="no such photograph"):
        StreamedCsvDataset(filepath=uri).save(CsvText(b"header\n", good_then_bad()))
    fs, path = filesystem(uri)
    assert fs.cat_file(path) == OLD.encode()
    assert beside(uri) == ["table.csv"]


def test_nothing_saved_yet_is_told(uri):
    dataset = StreamedCsvDataset(filepath=uri)
    assert not dataset.exists()
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert isinstance(error.value.__cause__, FruitsError)
    assert error.value.__cause__.message == f"There is no {uri} yet: run kedro run first."


def test_a_saved_file_exists(uri):
    write(uri, OLD)
    assert StreamedCsvDataset(filepath=uri).exists()


def test_files_beside_it_are_left_alone(spark, tmp_path):
    (tmp_path / ".other.tmp").write_text("mine")
    dataset = StreamedCsvDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(render_csv(spark.createDataFrame([("/new", "y")], "path string, label string")))
    assert sorted(os.listdir(tmp_path)) == [".other.tmp", "table.csv"]
