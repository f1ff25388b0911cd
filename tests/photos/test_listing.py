"""The listing accounts for every file of a folder, and ends."""

import os
import tracemalloc
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from string import ascii_uppercase

import fsspec
import pyarrow as pa
import pytest
from corpus import IGNORED, MAX_PIXELS, Ignored, Rejected, expected_counts, kinds, write_corpus
from made_folders import write
from sentences import sentence_of

from fruits_kedro import FruitsError
from fruits_kedro.photos import listing as listing_module
from fruits_kedro.photos.listing import LISTING_SCHEMA, Listing, list_files
from fruits_kedro.photos.reading import read_photograph
from fruits_kedro.photos.reasons import Reason

BESIDE = {"": "Training", "Training/": "Kiwi"}
NOT_UTF8 = Rejected(Reason.NAME_NOT_UTF8, "list")


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def listing(corpus_folder) -> Listing:
    return list_files(str(corpus_folder))


def relative_paths(listing: Listing) -> list[str]:
    return listing.files.column("relative_path").to_pylist()


def candidates(listing: Listing) -> list[str]:
    return listing.sort_out(IGNORED)[0].column("relative_path").to_pylist()


def ignored(listing: Listing) -> dict[str, int]:
    return dict(Counter(listing.sort_out(IGNORED)[1].column("ignored_as").to_pylist()))


def as_listed(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


# --- the corpus -----------------------------------------------------------------------------------


def test_every_file_is_a_candidate_or_counted_as_ignored(corpus_folder, listing):
    expected = [as_listed(kind.path) for kind in kinds() if not isinstance(kind.outcome, Ignored)]
    assert Counter(candidates(listing)) == Counter(expected)
    assert ignored(listing) == expected_counts(kinds()).ignored
    on_disk = sum(
        path.is_symlink() or path.is_file()
        for parent, _, names in os.walk(corpus_folder)
        for path in (Path(parent, name) for name in names)
        if not path.is_fifo()
    )
    assert listing.files.num_rows == on_disk


def test_rows_are_in_order_and_say_how_to_open_the_file(corpus_folder, listing):
    assert listing.files.schema == LISTING_SCHEMA
    content = {kind.path: kind.make for kind in kinds()}
    rows = listing.files.to_pylist()
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    for row in rows:
        assert row["path"] == as_listed(f"{corpus_folder}/") + row["relative_path"]
        expected = content[row["relative_path"]] if row["name_is_utf8"] else None
        if isinstance(expected, bytes):
            assert Path(row["path"]).read_bytes() == expected
            assert row["size"] == len(expected)
            assert row["modified"] == str(Path(row["path"]).stat().st_mtime_ns)
    marked = {row["relative_path"] for row in rows if not row["name_is_utf8"]}
    assert marked == {as_listed(kind.path) for kind in kinds() if kind.outcome == NOT_UTF8}


@pytest.mark.parametrize("spelling", ["{}/", "file://{}", "{}/Training/..", "."])
def test_a_folder_may_be_spelled_otherwise(corpus_folder, listing, spelling, monkeypatch):
    monkeypatch.chdir(corpus_folder)
    assert list_files(spelling.format(corpus_folder)).files.equals(listing.files)


# --- names and links ------------------------------------------------------------------------------


def test_names_are_taken_unless_they_are_plainly_something_else(tmp_path):
    """A hidden folder above the images hides nothing."""
    taken = ["a.jfif", "b.jpe", "c.jpg_large", "d", "e.HEIC", "f.", "g.jpg~", "txt.jpg"]
    folder = tmp_path / ".cache" / "photos"
    write(folder, *taken, "h.TXT", "Readme", "i.mp4", "Thumbs.db", "desktop.ini", ".k.jpg")
    listing = list_files(str(folder))
    assert candidates(listing) == taken
    assert ignored(listing) == dict.fromkeys(["txt", "readme", "mp4", "db", "ini", "hidden"], 1)


@pytest.mark.parametrize(
    ("files", "links", "listed"),
    [
        (["../outside/Apple/1.jpg"], {"Training": "../outside"}, ["Training/Apple/1.jpg"]),
        # The label must not hang on the order in which a disk happens to list names.
        (
            ["Training/Kiwi/1.jpg"],
            {f"{above}{name}": to for name in ascii_uppercase for above, to in BESIDE.items()},
            ["Training/Kiwi/1.jpg"],
        ),
        (["A/1.jpg", "B/1.jpg"], {"A/B": "../B", "B/A": "../A"}, ["A/1.jpg", "B/1.jpg"]),
    ],
    ids=["outside", "own name first", "circle"],
)
def test_linked_folders_are_listed_once(tmp_path, files, links, listed):
    root = tmp_path / "root"
    root.mkdir()
    write(root, *files)
    for link, target in links.items():
        (root / link).symlink_to(target)
    assert relative_paths(list_files(str(root))) == listed


def test_excluded_folders_are_not_listed_by_any_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, *(f"{folder}/1.jpg" for folder in ("Apple", "results/deep", "results 2")))
    (tmp_path / "link").symlink_to("results")
    for exclude in (f"{tmp_path}/results", f"file://{tmp_path}/link/", "~/results"):
        listing = list_files("~", [exclude, "/not/there"])
        paths = [str(tmp_path / folder / "1.jpg") for folder in ("Apple", "results 2")]
        assert listing.files.column("path").to_pylist() == paths
    assert relative_paths(list_files(str(tmp_path / "Apple"), [str(tmp_path)])) == ["1.jpg"]


def test_the_digest_changes_with_files_and_with_nothing_else(tmp_path):
    write(tmp_path, "1.jpg", "2.jpg")
    before = list_files(str(tmp_path)).digest()
    assert list_files(str(tmp_path)).digest() == before
    assert list_files(str(tmp_path), limit=1).digest() != before
    os.utime(tmp_path / "1.jpg", (1, 1))
    assert list_files(str(tmp_path)).digest() != before


# --- what cannot be listed ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["not there", "x.jpg"])
def test_what_is_no_folder_is_named_in_one_sentence(tmp_path, name):
    write(tmp_path, "x.jpg")
    assert str(tmp_path / name) in sentence_of(lambda: list_files(str(tmp_path / name)))


def test_a_folder_without_the_right_to_list_it_is_named(open_folder, as_nobody):
    locked = open_folder / "Training" / "Locked"
    locked.mkdir(parents=True)
    locked.chmod(0o000)
    with as_nobody(), pytest.raises(FruitsError, match=r"Training/Locked.*Permission denied"):
        list_files(str(open_folder))


def test_files_of_a_folder_that_may_be_listed_and_not_entered_are_listed(open_folder, as_nobody):
    """The right r without x: names can be had and nothing else. They are accounted for."""
    write(open_folder, "Training/Apple/0_100.jpg", "Training/Apple/notes.txt")
    (open_folder / "Training" / "Apple").chmod(0o744)
    with as_nobody():
        listing = list_files(str(open_folder))
        [row] = listing.sort_out(IGNORED)[0].to_pylist()
        assert read_photograph(row["path"], MAX_PIXELS).reason is Reason.UNREADABLE
    assert (row["relative_path"], row["size"]) == ("Training/Apple/0_100.jpg", 0)
    assert ignored(listing) == {"txt": 1}


def test_a_file_whose_path_is_too_long_to_open_is_listed(tmp_path):
    """Linux opens paths of 4,096 bytes at most; deeper folders are made from within."""
    folder, here = "d" * 200, os.open(tmp_path, os.O_DIRECTORY)
    long = os.fspath(tmp_path)
    while len(long) + 201 < 4_090:
        os.mkdir(folder, dir_fd=here)
        inner = os.open(folder, os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here, long = inner, f"{long}/{folder}"
    os.close(os.open("n" * 251 + ".jpg", os.O_CREAT, dir_fd=here))
    os.close(here)
    [path] = list_files(str(tmp_path)).files.column("path").to_pylist()
    assert len(path) > 4_096
    assert read_photograph(path, MAX_PIXELS).reason is Reason.UNREADABLE


@pytest.mark.parametrize("lost", ["Apple/b.jpg", "Gone"])
def test_what_vanishes_during_the_listing_does_not_end_it(tmp_path, monkeypatch, lost):
    write(tmp_path, *(f"Apple/{name}.jpg" for name in "abc"))
    (tmp_path / "Gone").mkdir()
    scandir = os.scandir

    @contextmanager
    def scan_then_lose(folder):
        with scandir(folder) as entries:
            found = list(entries)
        if Path(folder) == (tmp_path / lost).parent:
            (tmp_path / lost).rmdir() if lost == "Gone" else (tmp_path / lost).unlink()
        yield iter(found)

    monkeypatch.setattr(os, "scandir", scan_then_lose)
    listed = relative_paths(list_files(str(tmp_path)))
    assert set(listed) | {"Apple/b.jpg"} == {"Apple/a.jpg", "Apple/b.jpg", "Apple/c.jpg"}


def test_a_listing_takes_less_than_400_bytes_of_memory_per_file():
    """In columns: no Python object of a file outlives its batch."""
    number = 100_000
    found = ((f"Training/Apple/{n:06}_100.jpg", n, str(10**18 + n)) for n in range(number))
    allocated = pa.total_allocated_bytes()
    tracemalloc.start()
    table = listing_module._to_table("/home/somebody/photographs/fruits-360/", found)
    objects = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (pa.total_allocated_bytes() - allocated + objects) / number < 400
    assert table.column("relative_path")[-1].as_py() == "Training/Apple/099999_100.jpg"


# --- object stores --------------------------------------------------------------------------------


def test_any_filesystem_of_fsspec_is_listed_alike():
    fs, bucket = fsspec.filesystem("memory"), "/listed alike"
    names = ["Training/Apple/0_100.jpg", "Training/_Folder/_x y%20#?.JPG", "Training/Apple/a:b.png"]
    others = ["README.md", "Training/Apple/.hidden.jpg", "Training/Apple/notes.txt"]
    for name in names + others:
        fs.pipe_file(f"{bucket}/{name}", b"content")
    listing = list_files(f"memory:/{bucket}")
    assert candidates(listing) == sorted(names)
    assert ignored(listing) == {"txt": 1, "hidden": 1, "md": 1}
    for row in listing.files.to_pylist():
        assert fs.cat_file(row["path"]) == b"content"
        assert (row["size"], row["name_is_utf8"]) == (7, True)


@pytest.fixture
def s3(monkeypatch):
    """Make an S3 of these keys that answers two objects at a time, or fails."""

    class Client:
        def __init__(self, *keys: str, error: Exception | None = None) -> None:
            self._keys, self._error = keys, error

        def call_s3(self, method: str, Bucket: str, Prefix: str, ContinuationToken="0"):  # noqa: N803
            assert (method, Bucket, Prefix) == ("list_objects_v2", "bucket", "in/")
            if self._error:
                raise self._error
            start = int(ContinuationToken)
            keys = self._keys[start : start + 2]
            page = {"Contents": [{"Key": key, "Size": 1, "ETag": "etag"} for key in keys]}
            is_last = start + 2 >= len(self._keys)
            return page if is_last else page | {"NextContinuationToken": str(start + 2)}

    def make(*keys: str, error: Exception | None = None) -> None:
        found = lambda uri: (Client(*keys, error=error), uri.removeprefix("s3://"))  # noqa: E731
        monkeypatch.setattr(listing_module, "filesystem", found)

    return make


def test_an_s3_bucket_is_listed_page_by_page(s3):
    """No key leads out of the listed prefix, although S3 takes those that point upwards."""
    s3(*(f"in/{name}" for name in ("Apple/1.jpg", "Apple/", "Apple/0.jpg", "results/a.parquet")))
    listing = list_files("s3://bucket/in", ["s3://bucket/in/results", "/local"])
    assert relative_paths(listing) == ["Apple/0.jpg", "Apple/1.jpg"]
    assert listing.files.to_pylist()[0] == {
        "path": "s3://bucket/in/Apple/0.jpg",
        "relative_path": "Apple/0.jpg",
        "size": 1,
        "modified": "etag",
        "name_is_utf8": True,
    }
    s3("in/Training/../../x/1.jpg", "in/../1.jpg", "in/Apple/./2.jpg", "in/Apple/1.jpg")
    upwards = list_files("s3://bucket/in")
    assert (candidates(upwards), ignored(upwards)) == (["Apple/1.jpg"], {"hidden": 3})


@pytest.mark.parametrize("error", [OSError("no\nway"), KeyError("bucket"), RuntimeError(), None])
def test_a_bucket_that_cannot_be_reached_or_is_empty_is_one_sentence(s3, error):
    s3(error=error)
    message = sentence_of(lambda: list_files("s3://bucket/in"))
    assert "s3://bucket/in" in message
    assert ("cannot be listed (" in message) is (error is not None)
