"""The identity of a dataset changes when what is stored does."""

import uuid
from typing import Any

import pytest
from kedro.io import MemoryDataset

from fruits_kedro.datasets import (
    CsvDataset,
    JsonReportDataset,
    RawImagesDataset,
    ReducerDataset,
)
from fruits_kedro.storage.files import filesystem, join, replace_file
from fruits_kedro.storage.identity import HasSnapshots, identity
from fruits_kedro.storage.snapshots import Part, SnapshotFolder


class File:
    """What identity looks at in a dataset of one file."""

    def __init__(self, uri: str) -> None:
        self.uri = uri


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path) -> str:
    return str(tmp_path) if request.param == "disk" else f"memory://{uuid.uuid4().hex}"


def commit(uri: str, rows: int = 1) -> str:
    snapshots = SnapshotFolder(uri)
    part = Part(snapshots.new_part_name(), rows)
    replace_file(join(snapshots.part_uri(part), "rows"), b"rows")
    return snapshots.replace(part).id


def test_a_table_is_known_by_its_snapshot(folder):
    uri = join(folder, "reducer")
    dataset = ReducerDataset(filepath=uri)
    assert isinstance(dataset, HasSnapshots)
    assert identity(dataset) is None
    first = commit(uri)
    assert identity(dataset) == first
    assert identity(dataset) == first
    assert identity(dataset) != commit(uri)


def test_a_file_is_known_by_size_and_time(folder):
    file = File(join(folder, "file"))
    assert identity(file) is None
    replace_file(file.uri, b"first")
    first = identity(file)
    assert first is not None
    assert identity(file) == first
    replace_file(file.uri, b"a longer second")
    assert identity(file) not in (None, first)


def test_a_file_of_the_same_size_is_another_file(tmp_path):
    file = File(str(tmp_path / "file"))
    replace_file(file.uri, b"first")
    before = identity(file)
    replace_file(file.uri, b"other")
    assert identity(file) != before


def test_a_deleted_file_is_not_there(folder):
    file = File(join(folder, "file"))
    replace_file(file.uri, b"content")
    fs, path = filesystem(file.uri)
    fs.rm_file(path)
    assert identity(file) is None


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
    assert identity(MemoryDataset(1)) is None
    assert identity(JsonReportDataset(filepath=str(tmp_path / "gone.json"))) is None


def test_an_image_folder_is_what_is_listed_in_it(tmp_path):
    folder = RawImagesDataset(filepath=str(tmp_path), extensions=["jpg"])
    empty = identity(folder)
    assert empty == identity(folder)
    (tmp_path / "x.jpg").write_bytes(b"x")
    assert identity(folder) != empty


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
