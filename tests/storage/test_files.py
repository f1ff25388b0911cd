"""Names of files on a disk and in a store, and replacing one at once."""

import os
from pathlib import Path

import pytest
from corpus import AWKWARD_FOLDERS

from fruits_kedro.storage.files import filesystem, is_local, join, read_bytes, replace_file


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("data", True),
        ("/data/a:b", True),
        ("file:///data", True),
        ("s3://bucket/data", False),
        ("memory://data", False),
    ],
)
def test_a_uri_without_a_scheme_is_local(uri, local):
    assert is_local(uri) is local


@pytest.mark.parametrize("name", AWKWARD_FOLDERS)
def test_local_names_are_taken_as_they_are(tmp_path, name):
    uri = str(tmp_path / name)
    replace_file(uri, b"content")
    assert os.listdir(tmp_path) == [name]
    assert read_bytes(uri) == b"content"


@pytest.mark.parametrize("place", ["disk", "memory"])
def test_a_replaced_file_has_the_new_content_and_nothing_is_left_beside_it(place, tmp_path):
    folder = join(str(tmp_path) if place == "disk" else f"memory://{tmp_path.name}/", "deep")
    with pytest.raises(FileNotFoundError):
        read_bytes(join(folder, "file"))
    replace_file(join(folder, "file"), b"old")
    replace_file(join(folder, "file"), [b"n", b"ew"])
    fs, path = filesystem(folder)
    assert read_bytes(join(folder, "file")) == b"new"
    assert [Path(name).name for name in fs.ls(path, detail=False)] == ["file"]


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
