"""Reading: every file is bytes worth keeping or a reason, and nothing blocks or raises."""

import hashlib
import os

import fsspec
import pytest
from corpus import MAX_PIXELS, Kept, Kind, jpeg, kinds, picture, sample_photos

from fruits_kedro.photos.reading import ReadFile, read_photograph
from fruits_kedro.photos.reasons import Reason

LISTED = [
    kind
    for kind in kinds()
    if isinstance(kind.outcome, Kept) or getattr(kind.outcome, "stage", "") in ("read", "decode")
]


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
def test_a_file_is_its_bytes_or_has_its_reason(kind: Kind, tmp_path):
    reason = kind.outcome.reason if getattr(kind.outcome, "stage", "") == "read" else None
    file = read_photograph(str(kind.write(tmp_path)), MAX_PIXELS)
    assert file.reason is reason
    assert file.content == (None if reason else kind.content)
    assert reason or (file.width and file.height and file.format)
    if isinstance(kind.make, bytes):
        assert file.sha256 == hashlib.sha256(kind.make).hexdigest()


def test_the_pixel_limit_is_the_last_size_allowed(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg(picture("limit")))
    allowed = read_photograph(str(path), 96 * 64)
    refused = read_photograph(str(path), 96 * 64 - 1)
    assert (allowed.reason, allowed.width, allowed.height) == (None, 96, 64)
    assert (refused.reason, refused.width, refused.height) == (Reason.TOO_MANY_PIXELS, 96, 64)
    assert refused.sha256 == allowed.sha256
    assert refused.content is None


@pytest.mark.parametrize(
    "path", ["", "nul\0.jpg", "n" * 300, "nothing://bucket/x.jpg", "/gone.jpg", "/proc/self/mem"]
)
def test_a_path_that_nothing_can_open_or_read_is_unreadable(path):
    """Reading the first page of /proc/self/mem is an error of the kernel, as of a broken disk."""
    assert read_photograph(path, MAX_PIXELS) == ReadFile(reason=Reason.UNREADABLE)


def test_a_file_without_the_right_to_read_it_is_unreadable(open_folder, as_nobody):
    """A real refusal by the kernel: root, whom no right stops, becomes another user."""
    shut, open_ = open_folder / "shut.jpg", open_folder / "open.jpg"
    for path, mode in ((shut, 0o000), (open_, 0o444)):
        path.write_bytes(next(sample_photos()))
        path.chmod(mode)
    with as_nobody():
        refused, allowed = (read_photograph(str(path), MAX_PIXELS) for path in (shut, open_))
    assert refused == ReadFile(reason=Reason.UNREADABLE)
    assert allowed.reason is None


def test_a_file_that_changes_while_it_is_read_is_what_was_read(tmp_path):
    path, photos = tmp_path / "x.jpg", sample_photos()
    content = next(photos)
    path.write_bytes(content)

    def rewrite(function, *arguments):
        path.write_bytes(next(photos))
        return function(*arguments)

    file = read_photograph(str(path), MAX_PIXELS, rewrite)
    assert (file.content, file.sha256) == (content, hashlib.sha256(content).hexdigest())


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["folder", "device", "pipe", "pipe with a silent writer"])
def test_what_is_no_regular_file_is_unreadable_and_neither_blocks_nor_stays_open(tmp_path, kind):
    path = tmp_path / "x.jpg"
    if kind.startswith("pipe"):
        os.mkfifo(path)
    else:
        path.symlink_to(os.devnull if kind == "device" else tmp_path)
    writer = os.open(path, os.O_RDWR) if kind == "pipe with a silent writer" else None
    before = os.listdir("/proc/self/fd")
    assert read_photograph(str(path), MAX_PIXELS) == ReadFile(reason=Reason.UNREADABLE)
    assert len(os.listdir("/proc/self/fd")) == len(before)
    if writer is not None:
        os.close(writer)


def test_a_link_and_a_uri_of_a_local_file_are_read_as_what_they_name(tmp_path):
    path = tmp_path / "a b%20#?.jpg"
    path.write_bytes(next(sample_photos()))
    (tmp_path / "link.jpg").symlink_to(path.name)
    expected = read_photograph(str(path), MAX_PIXELS)
    assert expected.reason is None
    for other in (f"file://{path}", str(tmp_path / "link.jpg")):
        assert read_photograph(other, MAX_PIXELS) == expected


def test_an_object_is_read_by_its_uri():
    fs = fsspec.filesystem("memory")
    content = next(sample_photos())
    name = "/test-reading/Training/Apple/a b%20#.jpg"
    fs.pipe_file(name, content)
    file = read_photograph(f"memory:/{name}", MAX_PIXELS)
    gone = read_photograph(f"memory:/{name}.gone", MAX_PIXELS)
    fs.rm("/test-reading", recursive=True)
    assert (file.reason, file.content) == (None, content)
    assert gone == ReadFile(reason=Reason.UNREADABLE)
