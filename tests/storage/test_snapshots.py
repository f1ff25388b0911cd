"""A dataset is always its last complete snapshot, whenever a save dies."""

import json
import uuid
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, join, replace_file
from fruits_kedro.storage.snapshots import MANIFESTS, POINTER, Part, Snapshot, SnapshotFolder


@pytest.fixture(params=["disk", "memory"])
def uri(request, tmp_path) -> str:
    if request.param == "disk":
        return str(tmp_path / "table")
    return f"memory://{uuid.uuid4().hex}/table"


def write_part(folder: SnapshotFolder, rows: int = 1, **notes: str) -> Part:
    """Write a part as a dataset does, before any manifest names it."""
    part = Part(folder.new_part_name(), rows, notes)
    replace_file(join(folder.part_uri(part), "deep", "rows"), b"rows")
    return part


def parts_on_disk(folder: SnapshotFolder) -> set[str]:
    return {name for name in _names(folder.uri) if name.startswith("part-")}


def manifests_on_disk(folder: SnapshotFolder) -> set[str]:
    return _names(join(folder.uri, MANIFESTS))


def _names(uri: str) -> set[str]:
    fs, path = filesystem(uri)
    return {p.rstrip("/").rsplit("/", 1)[-1] for p in fs.ls(path, detail=False)}


def current_names(folder: SnapshotFolder) -> list[str]:
    snapshot = folder.current()
    return [part.name for part in snapshot.parts] if snapshot else []


class Killed(BaseException):
    """The process ends here."""


def die_before_writing(folder: SnapshotFolder, part: Part, file: str) -> None:
    """Commit ``part``, and die when the path to write holds ``file``."""

    def write(uri: str, content: bytes) -> None:
        if file in uri:
            raise Killed
        replace_file(uri, content)

    with (
        patch("fruits_kedro.storage.snapshots.replace_file", write),
        pytest.raises(Killed),
    ):
        folder.replace(part)


def test_a_new_folder_has_no_snapshot(uri):
    assert SnapshotFolder(uri).current() is None


def test_replacing_makes_the_part_the_whole_dataset(uri):
    folder = SnapshotFolder(uri)
    folder.replace(write_part(folder, 3))
    new = write_part(folder, 4, kind="new")
    folder.replace(new)
    assert folder.current() == Snapshot(folder.current().id, (new,))
    assert folder.current().rows == 4


def test_adding_keeps_earlier_parts_in_order(uri):
    folder = SnapshotFolder(uri)
    parts = []
    for rows in (3, 4, 5):
        parts.append(write_part(folder, rows))
        folder.add(parts[-1])
    assert folder.current().parts == tuple(parts)
    assert folder.current().rows == 12
    assert parts_on_disk(folder) == {part.name for part in parts}


@pytest.mark.parametrize("keep", [1, 2, 4])
def test_a_bounded_number_of_snapshots_stays(uri, keep):
    folder = SnapshotFolder(uri, keep)
    parts = []
    for _ in range(6):
        parts.append(write_part(folder))
        folder.replace(parts[-1])
    assert parts_on_disk(folder) == {part.name for part in parts[-keep:]}
    assert len(manifests_on_disk(folder)) == keep
    assert current_names(folder) == [parts[-1].name]


@pytest.mark.parametrize("died_before", [MANIFESTS, POINTER], ids=["manifest", "pointer"])
def test_a_killed_save_leaves_the_old_snapshot(uri, died_before):
    folder = SnapshotFolder(uri)
    old = write_part(folder)
    folder.replace(old)
    die_before_writing(folder, write_part(folder), died_before)
    assert current_names(SnapshotFolder(uri)) == [old.name]
    assert old.name in parts_on_disk(folder)


@pytest.mark.parametrize("died_before", [MANIFESTS, POINTER], ids=["manifest", "pointer"])
def test_the_save_after_a_killed_one_removes_the_orphan_and_keeps_the_last_good(uri, died_before):
    folder = SnapshotFolder(uri, keep=2)
    good = write_part(folder)
    folder.replace(good)
    die_before_writing(folder, write_part(folder), died_before)
    new = write_part(folder)
    folder.replace(new)
    assert parts_on_disk(folder) == {good.name, new.name}
    assert current_names(folder) == [new.name]


def test_a_part_of_the_current_snapshot_is_found_by_its_notes(uri):
    folder = SnapshotFolder(uri)
    gone, first, second = (write_part(folder, kind=kind) for kind in "gab")
    folder.replace(gone)
    folder.replace(first, second)
    assert folder.find(kind="a") == first
    assert folder.find(kind="b") == second
    assert folder.find(kind="g") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b'{"id": "1", "pa',
        b"null",
        b"[]",
        b'{"id": "1"}',
        b'{"id": "1", "parts": [{}]}',
    ],
)
def test_a_damaged_pointer_is_named_in_one_sentence(uri, content):
    folder = SnapshotFolder(uri)
    folder.replace(write_part(folder))
    pointer = join(folder.uri, POINTER)
    replace_file(pointer, content)
    with pytest.raises(FruitsError) as error:
        folder.current()
    assert pointer in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize("name", ["../../other/part-1", "/etc", "part-1/../..", "", "part-é/x"])
def test_a_pointer_that_leaves_the_folder_is_refused(tmp_path, name):
    part = {"name": name, "rows": 1, "notes": {}}
    pointer = tmp_path / POINTER
    pointer.write_text(json.dumps({"id": "1", "parts": [part]}))
    with pytest.raises(FruitsError, match="is not a snapshot pointer of this project"):
        SnapshotFolder(str(tmp_path)).current()


def test_a_damaged_pointer_can_be_restored_from_its_manifest(uri):
    folder = SnapshotFolder(uri)
    snapshot = folder.replace(write_part(folder))
    fs, path = filesystem(join(folder.uri, MANIFESTS, f"{snapshot.id}.json"))
    replace_file(join(folder.uri, POINTER), fs.cat_file(path))
    assert folder.current() == snapshot


def test_files_of_others_are_not_pruned(uri):
    folder = SnapshotFolder(uri, keep=1)
    replace_file(join(uri, "notes.txt"), b"mine")
    folder.replace(write_part(folder))
    folder.replace(write_part(folder))
    assert "notes.txt" in _names(uri)


STEP = st.sampled_from(["replace", "add", "die without manifest", "die without pointer"])


@given(steps=st.lists(STEP, max_size=12), keep=st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_any_history_reads_as_its_last_complete_save(steps, keep):
    folder = SnapshotFolder(f"memory://{uuid.uuid4().hex}", keep)
    expected: list[str] = []
    for step in steps:
        part = write_part(folder)
        if step == "replace":
            folder.replace(part)
            expected = [part.name]
        elif step == "add":
            folder.add(part)
            expected = [*expected, part.name]
        else:
            die_before_writing(
                folder, part, MANIFESTS if step == "die without manifest" else POINTER
            )
        assert current_names(folder) == expected
        if expected:
            assert set(expected) <= parts_on_disk(folder)
