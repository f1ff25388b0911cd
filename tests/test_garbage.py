"""Collecting garbage: what no present photograph refers to goes, everything else stays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fruits_kedro.datasets import SnapshotParquetDataset
from fruits_kedro.storage import schemas
from fruits_kedro.storage.garbage import FEATURES, collect_garbage


@dataclass
class Tables:
    """The tables of a storage."""

    folder: Path
    spark: Any

    def dataset(self, name: str) -> SnapshotParquetDataset:
        mode = "replace" if name == "photographs" else "add"
        return SnapshotParquetDataset(
            filepath=str(self.folder / name), table=table_of(name), mode=mode
        )

    def save(self, name: str, *rows: dict[str, Any]) -> None:
        frame = self.spark.createDataFrame(list(rows), getattr(schemas, table_of(name)))
        self.dataset(name).save(frame)

    def column(self, name: str, column: str) -> list[Any]:
        return sorted(row[0] for row in self.dataset(name).load().select(column).collect())

    def collect(self) -> dict[str, Any]:
        features = {name: self.dataset(name) for name in FEATURES}
        return collect_garbage(self.dataset("images"), features, self.dataset("photographs"))

    def parts(self, name: str) -> int:
        return len(list((self.folder / name).glob("part-*")))

    def size(self, name: str) -> int:
        files = (self.folder / name).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


def table_of(name: str) -> str:
    return "FEATURES" if name in FEATURES else name.upper()


def image(path: str, modified: str = "1", content: bytes | None = b"content") -> dict[str, Any]:
    reason = None if content else "empty_file"
    row = {"path": path, "label": "Apple", "split": "train", "size": 9, "modified": modified}
    return {**row, "sha256": sha(path), "bytes": content, "reason": reason}


def feature(path: str, fingerprint: str = "now") -> dict[str, Any]:
    row = {"path": path, "label": "Apple", "split": "train", "sha256": sha(path)}
    return {**row, "fingerprint": fingerprint, "variant": 0, "features": [0.5], "reason": None}


def photograph(path: str, status: str = "kept") -> dict[str, Any]:
    row = {"path": path, "label": "Apple", "split": "train", "size": 9, "modified": "1"}
    return {**row, "sha256": sha(path), "status": status, "reason": None}


def sha(path: str) -> str | None:
    """Files with the same letter have the same bytes."""
    return None if path.startswith("unreadable") else path[0]


@pytest.fixture
def tables(spark, tmp_path) -> Tables:
    """Two slices of images and features; ``b`` was removed and ``c`` changed since."""
    found = Tables(tmp_path, spark)
    found.save("images", image("a"), image("b", content=b"gone" * 5000), image("a copy"))
    found.save("images", image("c", modified="0"), image("c"), image("e", content=None))
    found.save("features", feature("a"), feature("b"))
    found.save("features", feature("c"), feature("a", "earlier"), feature("b", "earlier"))
    present = [photograph(p) for p in ("a", "c")] + [photograph("a copy", "duplicate")]
    found.save("photographs", *present, photograph("e", "rejected"))
    return found


def test_images_of_removed_and_changed_files_go(tables):
    tables.collect()
    assert tables.column("images", "path") == ["a", "a copy", "c", "e"]
    assert tables.column("images", "modified") == ["1"] * 4


def test_features_of_removed_photographs_go_whatever_made_them(tables):
    tables.collect()
    rows = tables.dataset("features").load().select("sha256", "fingerprint").collect()
    assert sorted(tuple(row) for row in rows) == [("a", "earlier"), ("a", "now"), ("c", "now")]


@pytest.mark.parametrize("name", ["augmented_features", "scene_features"])
def test_copies_and_scenes_go_with_their_photograph(tables, name):
    tables.save(name, feature("a") | {"variant": 1}, feature("b") | {"variant": 1})
    removed = tables.collect()
    assert (removed[name]["rows_removed"], removed[name]["rows_kept"]) == (1, 1)
    assert tables.column(name, "sha256") == ["a"]


def test_it_says_how_much_went(tables):
    before = {name: tables.size(name) for name in ("images", "features")}
    removed = tables.collect()
    assert set(removed) == {"images", "features"}
    assert (removed["images"]["rows_removed"], removed["images"]["rows_kept"]) == (2, 4)
    assert (removed["features"]["rows_removed"], removed["features"]["rows_kept"]) == (2, 3)
    for name, size in before.items():
        assert removed[name]["bytes_freed"] == size - tables.size(name)


def test_many_parts_become_one_and_nothing_is_left_behind(tables):
    assert (tables.parts("images"), tables.parts("features")) == (2, 2)
    (tables.folder / "features" / "part-left-by-a-killed-run").mkdir()
    tables.collect()
    assert (tables.parts("images"), tables.parts("features")) == (1, 1)


def test_the_bytes_of_what_stays_are_not_touched(tables):
    before = {r.path: bytes(r.bytes) for r in rows_with_bytes(tables) if r.path != "b"}
    tables.collect()
    assert {row.path: bytes(row.bytes) for row in rows_with_bytes(tables)} == before


def rows_with_bytes(tables: Tables) -> list[Any]:
    found = tables.dataset("images").load().filter("bytes is not null and modified = '1'")
    return list(found.select("path", "bytes").collect())


def test_a_second_collection_removes_nothing(tables):
    tables.collect()
    again = tables.collect()
    assert {name: counts["rows_removed"] for name, counts in again.items()} == {
        "images": 0,
        "features": 0,
    }
    assert {name: counts["rows_kept"] for name, counts in again.items()} == {
        "images": 4,
        "features": 3,
    }


def test_the_present_listing_is_only_read(tables):
    before = tables.dataset("photographs").snapshot_id()
    tables.collect()
    assert tables.dataset("photographs").snapshot_id() == before


def test_tables_can_be_added_to_afterwards(tables):
    tables.collect()
    tables.save("features", feature("d"))
    assert tables.column("features", "sha256") == ["a", "a", "c", "d"]


def test_nothing_goes_where_nobody_knows_what_is_present(spark, tmp_path):
    found = Tables(tmp_path, spark)
    found.save("images", image("a"))
    found.save("features", feature("a"))
    with pytest.raises(Exception, match="There is nothing at"):
        found.collect()
    assert found.column("images", "path") == ["a"]


def test_everything_goes_where_everything_was_removed(tables):
    tables.save("photographs", photograph("z"))
    removed = tables.collect()
    assert removed["images"]["rows_kept"] == removed["features"]["rows_kept"] == 0
    assert tables.column("images", "path") == []
