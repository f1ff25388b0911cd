"""The listing accounts for every file of a folder, and ends."""

import os
import tracemalloc
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import fsspec
import pyarrow as pa
import pytest
from corpus import (
    IGNORED,
    MAX_PIXELS,
    Ignored,
    Kind,
    Rejected,
    expected_counts,
    kinds,
    write_corpus,
)

from fruits_kedro import FruitsError
from fruits_kedro.photos import listing as listing_module
from fruits_kedro.photos.listing import LISTING_SCHEMA, Listing, first_files, list_files
from fruits_kedro.photos.reading import read_photograph
from fruits_kedro.photos.reasons import Reason

NOT_UTF8 = Rejected(Reason.NAME_NOT_UTF8, "list")


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def listing(corpus_folder) -> Listing:
    return list_files(str(corpus_folder))


def rows(listing: Listing) -> list[dict]:
    return listing.files.to_pylist()


def relative_paths(listing: Listing) -> list[str]:
    return listing.files.column("relative_path").to_pylist()


def candidates(listing: Listing) -> list[str]:
    return listing.sort_out(IGNORED)[0].column("relative_path").to_pylist()


def ignored(listing: Listing) -> dict[str, int]:
    return dict(Counter(listing.sort_out(IGNORED)[1].column("ignored_as").to_pylist()))


def as_listed(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def listed_kinds() -> list[Kind]:
    return [kind for kind in kinds() if not isinstance(kind.outcome, Ignored)]


def test_every_candidate_is_listed_once(listing):
    expected = Counter(as_listed(kind.path) for kind in listed_kinds())
    assert Counter(candidates(listing)) == expected


def test_every_other_file_is_counted(listing):
    assert ignored(listing) == expected_counts(kinds()).ignored


def test_every_file_of_the_folder_is_listed(corpus_folder, listing):
    on_disk = sum(
        path.is_symlink() or path.is_file()
        for parent, _, names in os.walk(corpus_folder)
        for path in (Path(parent, name) for name in names)
        if not path.is_fifo()
    )
    assert listing.files.num_rows == on_disk
    assert len(candidates(listing)) == expected_counts(kinds()).listed


def test_rows_have_the_schema_and_say_how_to_open_the_file(corpus_folder, listing):
    assert listing.files.schema == LISTING_SCHEMA
    content = {kind.path: kind.make for kind in kinds()}
    for row in rows(listing):
        assert row["path"] == as_listed(f"{corpus_folder}/") + row["relative_path"]
        expected = content[row["relative_path"]] if row["name_is_utf8"] else None
        if isinstance(expected, bytes):
            assert Path(row["path"]).read_bytes() == expected
            assert row["size"] == len(expected)
            assert row["modified"] == str(Path(row["path"]).stat().st_mtime_ns)


def test_names_that_are_no_utf8_are_told_apart(listing):
    marked = {row["relative_path"] for row in rows(listing) if not row["name_is_utf8"]}
    assert marked == {as_listed(kind.path) for kind in kinds() if kind.outcome == NOT_UTF8}


def test_paths_are_in_order(listing):
    paths = [row["path"] for row in rows(listing) if row["name_is_utf8"]]
    assert paths == sorted(paths)


def test_the_same_folder_gives_the_same_listing(corpus_folder, listing):
    again = list_files(str(corpus_folder))
    assert again.files.equals(listing.files)
    assert again.digest() == listing.digest()


@pytest.mark.parametrize("spelling", ["{}/", "file://{}", "{}/Training/.."])
def test_a_folder_may_be_spelled_otherwise(corpus_folder, listing, spelling):
    again = list_files(spelling.format(corpus_folder))
    assert again.files.equals(listing.files)


def test_a_relative_folder_gives_absolute_paths(corpus_folder, listing, monkeypatch):
    monkeypatch.chdir(corpus_folder.parent)
    assert list_files(corpus_folder.name).files.equals(listing.files)


def test_a_changed_file_is_seen_as_changed(tmp_path):
    photo = tmp_path / "Apple" / "0_100.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"one")
    before = rows(list_files(str(tmp_path)))[0]
    os.utime(photo, ns=(0, int(before["modified"]) + 1))
    after = rows(list_files(str(tmp_path)))[0]
    assert (before["size"], before["path"]) == (after["size"], after["path"])
    assert before["modified"] != after["modified"]


def test_an_empty_folder_lists_nothing(tmp_path):
    listing = list_files(str(tmp_path))
    assert (candidates(listing), ignored(listing)) == ([], {})
    assert listing.files.schema == LISTING_SCHEMA


def test_a_hidden_folder_above_the_images_hides_nothing(tmp_path):
    root = tmp_path / ".cache" / "photos"
    (root / "Apple").mkdir(parents=True)
    (root / "Apple" / "0_100.jpg").write_bytes(b"x")
    assert relative_paths(list_files(str(root))) == ["Apple/0_100.jpg"]


def test_a_linked_folder_outside_is_followed(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "Apple").mkdir(parents=True)
    (outside / "Apple" / "0_100.jpg").write_bytes(b"x")
    root.mkdir()
    (root / "Training").symlink_to(outside)
    assert relative_paths(list_files(str(root))) == ["Training/Apple/0_100.jpg"]


def test_a_folder_gives_its_own_name_and_not_that_of_a_link_to_it(tmp_path):
    """The label must not hang on the order in which a disk happens to list names."""
    (tmp_path / "Training" / "Apple").mkdir(parents=True)
    (tmp_path / "Training" / "Apple" / "0_100.jpg").write_bytes(b"x")
    for name in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        (tmp_path / "Training" / name).symlink_to("Apple")
        (tmp_path / name).symlink_to("Training")
    listing = list_files(str(tmp_path))
    assert relative_paths(listing) == ["Training/Apple/0_100.jpg"]


def test_folders_that_link_to_each_other_end(tmp_path):
    for one, other in (("A", "B"), ("B", "A")):
        (tmp_path / one).mkdir()
        (tmp_path / one / "0_100.jpg").write_bytes(b"x")
        (tmp_path / one / other).symlink_to(f"../{other}")
    listing = list_files(str(tmp_path))
    assert relative_paths(listing) == ["A/0_100.jpg", "B/0_100.jpg"]


def test_a_missing_folder_is_named_in_one_sentence(tmp_path):
    missing = tmp_path / "not there"
    with pytest.raises(FruitsError) as caught:
        list_files(str(missing))
    message = str(caught.value)
    assert str(missing) in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"x")
    with pytest.raises(FruitsError, match=r"x\.jpg"):
        list_files(str(tmp_path / "x.jpg"))


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    """Tests may run as root, whom no permission stops: the refusal is made here."""
    (tmp_path / "Training" / "Locked").mkdir(parents=True)
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "Locked":
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FruitsError, match=r"Training/Locked.*Permission denied"):
        list_files(str(tmp_path))


def test_a_folder_without_the_right_to_list_it_is_named(open_folder, as_nobody):
    locked = open_folder / "Training" / "Locked"
    locked.mkdir(parents=True)
    locked.chmod(0o000)
    with (
        as_nobody(),
        pytest.raises(FruitsError, match=r"Training/Locked.*Permission denied"),
    ):
        list_files(str(open_folder))


def test_files_of_a_folder_that_may_be_listed_and_not_entered_are_listed(open_folder, as_nobody):
    """The right r without x: names can be had and nothing else. They are accounted for."""
    half_open = open_folder / "Training" / "Apple"
    half_open.mkdir(parents=True)
    for name in ("0_100.jpg", "notes.txt"):
        (half_open / name).write_bytes(b"x")
    half_open.chmod(0o744)
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
    [row] = rows(list_files(str(tmp_path)))
    assert len(row["path"]) > 4_096
    assert read_photograph(row["path"], MAX_PIXELS).reason is Reason.UNREADABLE


def test_a_folder_40_deep(tmp_path):
    folder = tmp_path.joinpath("Training", *(f"level {n}" for n in range(40)), "Apple")
    folder.mkdir(parents=True)
    (folder / "0_100.jpg").write_bytes(b"x")
    [row] = rows(list_files(str(tmp_path)))
    assert row["relative_path"].count("/") == 42


def test_names_are_taken_unless_they_are_plainly_something_else(tmp_path):
    taken = ["a.jfif", "b.jpe", "c.jpg_large", "d", "e.HEIC", "f.", "g.jpg~", "txt.jpg"]
    others = ["h.TXT", "Readme", "i.mp4", "Thumbs.db", "desktop.ini", ".k.jpg"]
    for name in taken + others:
        (tmp_path / name).write_bytes(b"x")
    listing = list_files(str(tmp_path))
    assert candidates(listing) == taken
    assert ignored(listing) == {
        **dict.fromkeys(["txt", "readme", "mp4", "db", "ini", "hidden"], 1),
    }


def test_excluded_folders_are_not_listed_by_any_name(tmp_path):
    for folder in ("Apple", "results/deep", "results 2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to("results")
    for exclude in ([str(tmp_path / "results")], [f"file://{tmp_path}/link/", "/not/there"]):
        listing = list_files(str(tmp_path), exclude)
        assert relative_paths(listing) == ["Apple/1.jpg", "results 2/1.jpg"]


def test_a_folder_above_the_images_excludes_nothing(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").write_bytes(b"x")
    listing = list_files(str(tmp_path / "images"), [str(tmp_path)])
    assert relative_paths(listing) == ["1.jpg"]


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "fruit" / "results").mkdir(parents=True)
    for name in ("1.jpg", "results/2.jpg"):
        (tmp_path / "fruit" / name).write_bytes(b"x")
    listing = list_files("~/fruit", ["~/fruit/results"])
    assert listing.files.column("path").to_pylist() == [f"{tmp_path}/fruit/1.jpg"]


def test_the_digest_changes_with_files_and_with_nothing_else(tmp_path):
    (tmp_path / "1.jpg").write_bytes(b"x")
    before = list_files(str(tmp_path)).digest()
    assert list_files(str(tmp_path)).digest() == before
    os.utime(tmp_path / "1.jpg", (1, 1))
    assert list_files(str(tmp_path)).digest() != before


def test_the_first_files_are_a_few(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
    assert first_files(str(tmp_path), [], 3).num_rows == 3


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


@pytest.mark.parametrize("lost", ["Apple/b.jpg", "Gone"])
def test_what_vanishes_during_the_listing_does_not_end_it(tmp_path, monkeypatch, lost):
    (tmp_path / "Apple").mkdir()
    (tmp_path / "Gone").mkdir()
    for name in "abc":
        (tmp_path / "Apple" / f"{name}.jpg").write_bytes(b"x")
    scandir = os.scandir

    @contextmanager
    def scan_then_lose(folder):
        with scandir(folder) as entries:
            found = list(entries)
        if Path(folder) == (tmp_path / lost).parent:
            remove(tmp_path / lost)
        yield iter(found)

    monkeypatch.setattr(os, "scandir", scan_then_lose)
    listed = relative_paths(list_files(str(tmp_path)))
    assert set(listed) | {"Apple/b.jpg"} == {"Apple/a.jpg", "Apple/b.jpg", "Apple/c.jpg"}


def remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


@pytest.fixture
def store(request):
    """An object store in memory, with a bucket of this test's own."""
    fs = fsspec.filesystem("memory")
    bucket = f"/{request.node.name}"
    yield fs, bucket
    fs.rm(bucket, recursive=True)


def test_an_object_store_is_listed_alike(store):
    fs, bucket = store
    names = ["Training/Apple/0_100.jpg", "Training/_Folder/_x y%20#?.JPG", "Training/Apple/a:b.png"]
    others = ["README.md", "Training/Apple/.hidden.jpg", "Training/Apple/notes.txt"]
    for name in names + others:
        fs.pipe_file(f"{bucket}/{name}", b"content")
    listing = list_files(f"memory:/{bucket}")
    assert candidates(listing) == sorted(names)
    assert ignored(listing) == {"txt": 1, "hidden": 1, "md": 1}
    for row in rows(listing):
        assert fs.cat_file(row["path"]) == b"content"
        assert (row["size"], row["name_is_utf8"]) == (7, True)


def test_keys_that_point_upwards_are_no_photographs(monkeypatch):
    """An object store takes any key; here none leads out of the listed prefix."""

    class Store:
        def find(self, root: str, detail: bool) -> dict:
            names = ["Training/../../x/1.jpg", "../1.jpg", "Apple/./2.jpg", "Apple/1.jpg"]
            return {f"{root}/{name}": {"type": "file", "size": 1} for name in names}

    monkeypatch.setattr(listing_module, "filesystem", lambda uri: (Store(), "bucket/photos"))
    listing = list_files("s3://bucket/photos")
    assert candidates(listing) == ["Apple/1.jpg"]
    assert ignored(listing) == {"hidden": 3}


@pytest.mark.parametrize("error", [OSError("no\nway"), KeyError("bucket"), RuntimeError()])
def test_a_store_that_cannot_be_reached_is_told_in_one_sentence(monkeypatch, error):
    class Store:
        def find(self, root: str, detail: bool) -> dict:
            raise error

    monkeypatch.setattr(listing_module, "filesystem", lambda uri: (Store(), "bucket/photos"))
    with pytest.raises(FruitsError) as caught:
        list_files("s3://bucket/photos")
    message = caught.value.message
    assert message.startswith("The image folder s3://bucket/photos cannot be listed (")
    assert "\n" not in message


def test_an_empty_prefix_is_named_in_one_sentence():
    with pytest.raises(FruitsError, match="memory://no-such-bucket/photos"):
        list_files("memory://no-such-bucket/photos")


def test_an_s3_bucket_is_listed_page_by_page(monkeypatch):
    """S3 answers 1,000 objects at a time; a page's objects are gone before the next comes."""

    class Bucket:
        pages: ClassVar = {
            None: {"Contents": [entry("in/Apple/1.jpg"), entry("in/Apple/")], "IsTruncated": True},
            "two": {"Contents": [entry("in/Apple/0.jpg"), entry("in/results/a.parquet")]},
        }

        def call_s3(self, method: str, Bucket: str, Prefix: str, ContinuationToken=None):  # noqa: N803
            assert (method, Bucket, Prefix) == ("list_objects_v2", "bucket", "in/")
            page = dict(self.pages[ContinuationToken])
            return page | ({"NextContinuationToken": "two"} if "IsTruncated" in page else {})

    def entry_point(uri: str):
        return Bucket(), uri.removeprefix("s3://")

    monkeypatch.setattr(listing_module, "filesystem", entry_point)
    listing = list_files("s3://bucket/in", ["s3://bucket/in/results", "/local"])
    assert rows(listing)[0] == {
        "path": "s3://bucket/in/Apple/0.jpg",
        "relative_path": "Apple/0.jpg",
        "size": 1,
        "modified": "etag",
        "name_is_utf8": True,
    }
    assert relative_paths(listing) == ["Apple/0.jpg", "Apple/1.jpg"]


def entry(key: str) -> dict:
    return {"Key": key, "Size": 1, "ETag": "etag"}
