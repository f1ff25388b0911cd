"""The identity of a dataset changes when what is stored does."""

import os
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.io import MemoryDataset

from fruits_kedro.datasets import CsvDataset, JsonReportDataset, OwnImagesDataset, RawImagesDataset
from fruits_kedro.storage import identity as identity_module
from fruits_kedro.storage.files import filesystem, join, replace_file
from fruits_kedro.storage.identity import identity


def in_file(uri: str) -> str | None:
    """The identity of a dataset of one file."""
    return identity(SimpleNamespace(uri=uri))


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path) -> str:
    return str(tmp_path) if request.param == "disk" else f"memory://{uuid.uuid4().hex}"


@pytest.mark.parametrize("snapshot", [None, "a"])
def test_a_table_is_identified_by_its_snapshot(snapshot):
    assert identity(SimpleNamespace(snapshot_id=lambda: snapshot)) == snapshot


@pytest.mark.parametrize("hashed_bytes", [identity_module.HASHED_BYTES, 0])
def test_a_file_is_identified_by_its_content_or_if_large_by_size_and_time(
    folder, monkeypatch, hashed_bytes
):
    monkeypatch.setattr(identity_module, "HASHED_BYTES", hashed_bytes)
    file = join(folder, "file")
    assert in_file(file) is None
    replace_file(file, b"first")
    first = in_file(file)
    assert first is not None
    assert in_file(file) == first
    replace_file(file, b"other")
    assert in_file(file) not in (None, first)
    fs, path = filesystem(file)
    fs.rm_file(path)
    assert in_file(file) is None


def test_damage_that_keeps_size_and_time_is_noticed(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"first")
    before = in_file(str(path))
    times = path.stat()
    path.write_bytes(b"fIrst")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert in_file(str(path)) != before


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_reports_and_csv_files_say_where_they_are(tmp_path, scheme):
    path = tmp_path / "report.json"
    datasets: list[Any] = [
        JsonReportDataset(filepath=f"{scheme}{path}"),
        CsvDataset(filepath=f"{scheme}{path}", text=[]),
    ]
    assert [identity(dataset) for dataset in datasets] == [None, None]
    path.write_text("{}")
    known = {identity(dataset) for dataset in datasets}
    assert len(known) == 1
    assert None not in known


def test_what_has_neither_snapshot_nor_file_is_unknown(tmp_path):
    assert identity(MemoryDataset()) is None
    assert identity(MemoryDataset(object(), copy_mode="assign")) is None
    assert identity(JsonReportDataset(filepath=str(tmp_path / "gone.json"))) is None


def test_a_value_in_memory_is_identified_by_its_json():
    value = identity(MemoryDataset({"a": 1, "b": [True]}))
    assert value == identity(MemoryDataset({"b": [True], "a": 1})) is not None
    assert identity(MemoryDataset({"a": 1.5})) != identity(MemoryDataset({"a": "1.5"}))


def test_an_image_folder_is_what_is_listed_in_it(tmp_path):
    folder = RawImagesDataset(filepath=str(tmp_path))
    empty = identity(folder)
    assert empty == identity(folder)
    (tmp_path / "x.jpg").write_bytes(b"x")
    assert identity(folder) != empty


def test_no_own_photographs_are_known_by_that():
    assert identity(OwnImagesDataset()) is not None


def test_what_may_be_missing_is_known_by_that(tmp_path):
    dataset = JsonReportDataset(filepath=str(tmp_path / "x.json"), missing_ok=True)
    missing = identity(dataset)
    assert missing is not None
    dataset.save({"now": "there"})
    assert identity(dataset) not in (None, missing)


def test_what_changes_in_every_run_counts_as_the_same(tmp_path):
    dataset = JsonReportDataset(filepath=str(tmp_path / "x.json"), volatile=True)
    before = identity(dataset)
    dataset.save({"seconds": 3})
    assert identity(dataset) == before is not None
