"""CSV as text: values survive, spreadsheets run nothing, order is the paths'."""

import csv
import io

import numpy as np
import pytest

from fruits_kedro.datasets import csv_text
from fruits_kedro.datasets.csv_text import render_csv
from fruits_kedro.datasets.streamed_csv import CsvText
from fruits_kedro.storage.stored_rows import remember_parts

SCHEMA = "path string, label string, components array<float>"
AWKWARD = [
    '/a/"quoted".jpg',
    "/a/comma, and space.jpg",
    "/a/new\nline.jpg",
    "/a/carriage\r\nreturn.jpg",
    "/a/semi;colon.jpg",
    "/a/é 😀.jpg",
    "/a/'.jpg",
]


def text_of(rendered: CsvText) -> bytes:
    return rendered.header + b"".join(rendered.chunks)


def cells(rendered: CsvText) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text_of(rendered).decode(), newline="")))


def with_labels(spark, labels: list[str | None]):
    rows = [(f"/{i:05}.jpg", label) for i, label in enumerate(labels)]
    return spark.createDataFrame(rows, "path string, label string")


def test_the_wide_column_is_spread_at_the_end_with_names_from_one(spark):
    table = spark.createDataFrame(
        [([1.0, 2.5], "/a", "x")], "c array<float>, path string, l string"
    )
    assert cells(render_csv(table, wide="c", prefix="pc_")) == [
        ["path", "l", "pc_1", "pc_2"],
        ["/a", "x", "1", "2.5"],
    ]


def test_rows_are_in_the_order_of_paths(spark):
    order = np.random.default_rng(0).permutation(2000)
    paths = [f"/{i:05}.jpg" for i in order]
    table = spark.createDataFrame([(path, "x") for path in paths], "path string, label string")
    rows = cells(render_csv(table.repartition(5)))
    assert [row[0] for row in rows] == ["path", *sorted(paths)]


def test_awkward_paths_survive(spark):
    table = spark.createDataFrame([(path, "x") for path in AWKWARD], "path string, label string")
    assert [row[0] for row in cells(render_csv(table))[1:]] == sorted(AWKWARD)


def test_float32_values_survive_bit_by_bit(spark):
    random = np.random.default_rng(0)
    bits = random.integers(0, 2**32, size=(200, 6), dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    values[~np.isfinite(values)] = 0.0
    rows = [(f"/{i:03}", "x", row.tolist()) for i, row in enumerate(values)]
    written = cells(render_csv(spark.createDataFrame(rows, SCHEMA), wide="components"))[1:]
    read = np.array([row[2:] for row in written], dtype=np.float32)
    assert read.tobytes() == values.tobytes()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(spark, start):
    rows = cells(render_csv(with_labels(spark, [f"{start}HYPERLINK(1)", f"a{start}b"])))
    assert [row[1] for row in rows[1:]] == [f"'{start}HYPERLINK(1)", f"a{start}b"]


def test_negative_numbers_are_not_text(spark):
    table = spark.createDataFrame([("/a", "x", [-1.5])], SCHEMA)
    assert cells(render_csv(table, wide="components"))[1] == ["/a", "x", "-1.5"]


def test_null_is_empty(spark):
    assert text_of(render_csv(with_labels(spark, [None]))).endswith(b'"/00000.jpg",\n')


def test_an_empty_table_has_its_header(spark):
    table = spark.createDataFrame([], SCHEMA)
    assert cells(render_csv(table, wide="components", prefix="pc_")) == [["path", "label"]]


def test_a_stored_table_is_rendered_on_the_driver_to_the_same_bytes(spark, tmp_path, monkeypatch):
    random = np.random.default_rng(1)
    rows = [(name, f"={n}", random.normal(size=3).tolist()) for n, name in enumerate(AWKWARD)]
    table = spark.createDataFrame(rows, SCHEMA).repartition(3)
    table.write.parquet(str(tmp_path / "part"))
    stored = remember_parts(spark.read.parquet(str(tmp_path / "part")), [str(tmp_path / "part")])
    spread = {"columns": ["path", "components", "label"], "wide": "components", "prefix": "pc_"}
    on_workers = text_of(render_csv(stored, **spread, driver_megabytes=0))
    monkeypatch.setattr(csv_text, "_render_on_workers", None)
    assert text_of(render_csv(stored, **spread, driver_megabytes=1)) == on_workers
    assert on_workers.startswith(b'"path","label","pc_1","pc_2","pc_3"\n')


def test_an_empty_stored_table_is_its_header(spark, tmp_path):
    spark.createDataFrame([], SCHEMA).write.parquet(str(tmp_path / "part"))
    stored = remember_parts(spark.read.parquet(str(tmp_path / "part")), [str(tmp_path / "part")])
    rendered = render_csv(stored, wide="components", driver_megabytes=1)
    assert text_of(rendered) == b'"path","label"\n'
