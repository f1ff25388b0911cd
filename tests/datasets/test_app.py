"""A folder of static files: whole, without left-overs, and known by its content."""

import pytest
from sentences import sentence_of

from fruits_kedro.datasets.app import StaticFolderDataset, media_type

FILES = {"index.html": b"<p>", "sw.js": b"worker", "runtime/a.wasm": b"\0asm"}


@pytest.fixture
def dataset(tmp_path) -> StaticFolderDataset:
    return StaticFolderDataset(filepath=str(tmp_path / "app"))


def test_files_come_back_others_go_and_unchanged_ones_are_left_alone(dataset, tmp_path):
    assert not dataset.exists()
    sentence_of(dataset.load)
    dataset.save(FILES | {"old/page.js": b"old"})
    assert dataset.exists()
    path = tmp_path / "app" / "index.html"
    before = path.stat().st_ino
    dataset.save(FILES | {"sw.js": b"worker 2"})
    assert dataset.load() == FILES | {"sw.js": b"worker 2"}
    assert path.stat().st_ino == before


def test_the_identity_changes_with_what_was_saved_and_with_a_lost_file(dataset, tmp_path):
    assert dataset.snapshot_id() is None
    dataset.save(FILES)
    first = dataset.snapshot_id()
    dataset.save(FILES | {"sw.js": b"Worker"})
    assert dataset.snapshot_id() != first
    dataset.save(FILES)
    assert dataset.snapshot_id() == first
    (tmp_path / "app" / "runtime" / "a.wasm").unlink()
    assert dataset.snapshot_id() != first


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("runtime/a.wasm", "application/wasm"),
        ("app.webmanifest", "application/manifest+json"),
        ("runtime/LICENSE", "text/plain; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_browsers_are_told_what_a_file_is(name, kind):
    assert media_type(name) == kind
