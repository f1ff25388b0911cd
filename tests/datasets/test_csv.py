"""CSV files: values and names survive, spreadsheets run nothing, no reader meets half a file."""

import csv
import io
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from sentences import sentence_of

from fruits_kedro.datasets import CsvDataset
from fruits_kedro.datasets import csv as module
from fruits_kedro.datasets.csv import NEUTRALISE, RESTORE, CsvRows, replaced
from fruits_kedro.storage.files import filesystem
from fruits_kedro.storage.tables import Table, write_table

SIGNS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - Excel takes the full-width signs as well
NAMES = st.text(st.sampled_from(SIGNS + "'a1, \""), max_size=6)
AWKWARD = [
    '/a/"quoted".jpg',
    "/a/comma, and space.jpg",
    "/a/new\nline.jpg",
    "/a/carriage\r\nreturn.jpg",
    "/a/semi;colon.jpg",
    "/a/é 😀.jpg",
    "/a/'.jpg",
]


@pytest.fixture
def table(tmp_path):
    def make(paths: list[str], labels: list[str | None], **columns: Any) -> Table:
        plain = {"path": pa.array(paths, pa.string()), "label": pa.array(labels, pa.string())}
        rows = pa.table(plain | {name: pa.array(values) for name, values in columns.items()})
        folder = str(tmp_path / uuid.uuid4().hex)
        return Table(folder, rows.schema, tuple(write_table(folder, 1, rows, rows.schema)))

    return make


@pytest.fixture(params=["disk", "memory"])
def uri(request, tmp_path) -> str:
    if request.param == "disk":
        return str(tmp_path / "deep" / "table.csv")
    return f"memory:///{uuid.uuid4().hex}/table.csv"


def vectors(values: Any) -> pa.Array:
    return pa.array([row.tolist() for row in values], pa.list_(pa.float32()))


def cells(rendered: CsvRows) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(rendered).decode(), newline="")))


def beside(uri: str) -> list[str]:
    fs, path = filesystem(uri)
    folder = path.rsplit("/", 1)[0]
    return [name.rsplit("/", 1)[-1] for name in fs.ls(folder, detail=False)]


def dataset_of(uri: str) -> CsvDataset:
    return CsvDataset(filepath=uri, text=["path", "label", "absent"])


@given(st.lists(NAMES, min_size=1))
def test_no_cell_starts_like_a_formula_and_all_come_back(names):
    frame = pd.DataFrame({"label": pd.Series(names, dtype="str"), "rows": range(len(names))})
    written = replaced(frame, ("label", "absent"), NEUTRALISE)
    assert not [name for name in written.label if name.startswith(tuple(SIGNS))]
    by_arrow = pa.compute.replace_substring_regex(pa.array(names), *NEUTRALISE)
    assert written.label.tolist() == by_arrow.to_pylist()
    assert replaced(written, ("label",), RESTORE).equals(frame)


def test_the_wide_column_is_spread_at_the_end_with_names_from_one(table):
    rows = table(["/a"], ["=x"], c=vectors(np.array([[-1.0, 2.5]])))
    named = [["label", "pc_1", "pc_2"], ["'=x", "-1", "2.5"]]
    assert cells(CsvRows(rows, ["label"], wide="c", prefix="pc_")) == named


def test_rows_are_in_the_order_of_paths_whatever_is_sorted_at_once(table, monkeypatch):
    order = np.random.default_rng(0).permutation(2000)
    paths = [f"/{i:05}.jpg" for i in order]
    rows = table(paths, ["x"] * 2000, number=order)
    for sorted_at_once in (7, 10_000):
        monkeypatch.setattr(module, "_SORTED_ROWS", sorted_at_once)
        found = cells(CsvRows(rows))[1:]
        assert [(row[0], int(row[2])) for row in found] == sorted(zip(paths, order, strict=True))


def test_null_and_an_empty_table_survive(table):
    assert b"".join(CsvRows(table(["/0"], [None]))).endswith(b'"/0",\n')
    empty = table([], [], c=pa.array([], pa.list_(pa.float32())))
    assert b"".join(CsvRows(empty, wide="c", prefix="pc_")) == b'"path","label"\n'


def test_rows_are_chosen_by_a_condition_and_capped_by_their_hash(table, caplog):
    """Every second row is a copy; of ten photographs those with the smallest hashes stay."""
    numbers = list(range(20))
    rows = table(
        [f"/{n:02}" for n in numbers],
        ["x"] * 20,
        sha256=[f"{n * 7 % 20:02}" for n in numbers],
        variant=[n % 2 for n in numbers],
    )
    photographs = pa.compute.field("variant") == 0
    plain = {"columns": ["path"], "rows": photographs}
    assert len(cells(CsvRows(rows, limit=10, **plain))) == 11
    assert caplog.messages == []
    capped = cells(CsvRows(rows, limit=4, **plain))[1:]
    smallest = sorted((n * 7 % 20, f"/{n:02}") for n in numbers if n % 2 == 0)[:4]
    assert [row[0] for row in capped] == sorted(path for _, path in smallest)
    assert "4 of 10" in caplog.text


def test_a_table_comes_back_with_awkward_names_and_the_bits_of_its_values(table, uri):
    paths = sorted(f"{path}{n:03}" for path in AWKWARD for n in range(72))
    labels = [("007", "1e5", "nan", "NA", "True", "=1+1")[n % 6] for n in range(len(paths))]
    bits = np.random.default_rng(0).integers(0, 2**32, size=(len(paths), 6), dtype=np.uint64)
    values = bits.astype(np.uint32).view(np.float32)
    values[~np.isfinite(values)] = 0.0
    dataset = dataset_of(uri)
    rows = table(paths, labels, components=vectors(values))
    dataset.save(CsvRows(rows, wide="components", prefix="pc_"))
    read = dataset.load()
    names = [f"pc_{i}" for i in range(1, 7)]
    assert list(read.columns) == ["path", "label", *names]
    assert (read.path.tolist(), read.label.tolist()) == (paths, labels)
    assert read[names].to_numpy().astype(np.float32).tobytes() == values.tobytes()
    assert beside(uri) == ["table.csv"]


def good_then_bad() -> Iterator[bytes]:
    yield from [b"line\n"] * 3
    raise ValueError("no such photograph")


def test_a_save_replaces_the_file_and_a_failing_chunk_leaves_it(uri):
    dataset = dataset_of(uri)
    assert dataset.preview() is None
    sentence_of(dataset.load)
    dataset.save([b"path,label\n/old,x\n"])
    dataset.save([b'"path","label"\n', b'"/new",\n'])
    with pytest.raises(DatasetError, match="no such photograph"):
        dataset.save(good_then_bad())
    read = dataset.load()
    assert (read.path.tolist(), read.label.isna().tolist()) == (["/new"], [True])
    assert beside(uri) == ["table.csv"]


def test_a_preview_has_the_first_rows_and_columns(tmp_path):
    dataset = dataset_of(str(tmp_path / "rows.csv"))
    header = ",".join(["label", *(f"pc_{n}" for n in range(1, 301))])
    rows = [f"{label},{','.join(['0.5'] * 300)}\n".encode() for label in ("007", "", "nan")]
    dataset.save([header.encode() + b"\n", *rows])
    preview = dataset.preview(nrows=2)
    assert preview["columns"] == ["label", *(f"pc_{n}" for n in range(1, 10))]
    assert [row[:2] for row in preview["data"]] == [["007", "0.5"], [None, "0.5"]]
    assert len(dataset.load()) == 3
