"""Files of an artefact come back as they were written, or are refused."""

import uuid

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.storage.artefacts import (
    current_part,
    describe_files,
    load_files,
    write_files,
)
from fruits_kedro.storage.files import filesystem, join, replace_file
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

FILES = {"model.bin": b"\x00\x01", "deep/spec.json": b"{}"}


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path) -> SnapshotFolder:
    if request.param == "disk":
        return SnapshotFolder(str(tmp_path / "model"))
    return SnapshotFolder(f"memory://{uuid.uuid4().hex}/model")


def test_files_come_back(folder):
    part = write_files(folder, FILES, kind="x")
    folder.replace(part)
    assert current_part(folder) == part
    assert load_files(folder, current_part(folder)) == FILES
    assert folder.find(kind="x") == part


def test_nothing_saved_yet_is_told(folder):
    with pytest.raises(FruitsError, match=r"nothing at .*model yet"):
        current_part(folder)


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_refused_by_name(folder, name):
    uri = join(folder.part_uri(committed(folder)), name)
    replace_file(uri, b"altered")
    assert_refused(folder, uri)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(folder, name):
    uri = join(folder.part_uri(committed(folder)), name)
    fs, path = filesystem(uri)
    fs.rm_file(path)
    assert_refused(folder, uri)


def test_an_added_file_is_refused_by_name(folder):
    uri = join(folder.part_uri(committed(folder)), "extra.bin")
    replace_file(uri, b"")
    assert_refused(folder, uri)


def test_files_written_by_somebody_else_are_described(folder):
    name = folder.new_part_name()
    replace_file(join(folder.part_uri(name), "metadata", "part-0"), b"spark")
    replace_file(join(folder.part_uri(name), "metadata", ".part-0.crc"), b"checksum")
    part = describe_files(folder, name, reducer_id="r")
    assert load_files(folder, part) == {"metadata/part-0": b"spark"}
    assert part.notes["reducer_id"] == "r"


def committed(folder: SnapshotFolder) -> Part:
    part = write_files(folder, FILES)
    folder.replace(part)
    return part


def assert_refused(folder: SnapshotFolder, uri: str) -> None:
    with pytest.raises(FruitsError) as error:
        load_files(folder, current_part(folder))
    assert uri in error.value.message
    assert "\n" not in error.value.message
