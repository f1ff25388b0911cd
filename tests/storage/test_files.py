"""Names of files on a disk and in a store, and replacing one at once."""

import os
from pathlib import Path

import fsspec
import pytest
from corpus import AWKWARD_FOLDERS

from fruits_kedro.storage.files import (
    filesystem,
    is_local,
    join,
    local_path,
    read_bytes,
    replace_file,
)


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path) -> str:
    return str(tmp_path) if request.param == "disk" else f"memory://{tmp_path.name}"


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("data", True),
        ("/data", True),
        ("/data/a:b", True),
        ("file:///data", True),
        ("s3://bucket/data", False),
        ("memory://data", False),
    ],
)
def test_a_uri_without_a_scheme_is_local(uri, local):
    assert is_local(uri) is local


def test_a_relative_path_is_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert local_path("data/x") == str(tmp_path / "data" / "x")


@pytest.mark.parametrize("name", AWKWARD_FOLDERS)
def test_local_names_are_taken_as_they_are(tmp_path, name):
    uri = str(tmp_path / name)
    replace_file(uri, b"content")
    assert os.listdir(tmp_path) == [name]
    assert read_bytes(uri) == b"content"


def test_names_are_joined_with_one_slash():
    assert join("s3://bucket/", "a", "b") == "s3://bucket/a/b"


def test_a_replaced_file_has_the_new_content_and_nothing_is_left_beside_it(folder):
    uri = join(folder, "deep", "file")
    replace_file(uri, b"old")
    replace_file(uri, b"new")
    fs, path = filesystem(join(folder, "deep"))
    assert read_bytes(uri) == b"new"
    assert [Path(name).name for name in fs.ls(path, detail=False)] == ["file"]


def test_reading_a_missing_file_says_so(folder):
    with pytest.raises(FileNotFoundError):
        read_bytes(join(folder, "missing"))


def test_a_failed_replacement_leaves_the_old_file(tmp_path, monkeypatch):
    uri = str(tmp_path / "file")
    replace_file(uri, b"old")

    def disk_full(_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="no space"):
        replace_file(uri, b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert read_bytes(uri) == b"old"


def test_a_store_is_opened_by_its_scheme():
    fs, path = filesystem("memory://bucket/key")
    assert isinstance(fs, fsspec.get_filesystem_class("memory"))
    assert path.strip("/") == "bucket/key"
