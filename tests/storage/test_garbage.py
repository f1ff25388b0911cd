"""Collecting garbage: what no present photograph refers to goes, everything else stays."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sentences import sentence_of

from fruits_kedro.datasets import TableDataset
from fruits_kedro.storage import schemas
from fruits_kedro.storage.garbage import TABLES, plan_garbage, remove_garbage

SCHEMAS = {"images": "IMAGES", "photographs": "PHOTOGRAPHS"}


class Storage:
    """The tables of a storage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = {name: self._dataset(name) for name in (*TABLES, "photographs")}

    def _dataset(self, name: str) -> TableDataset:
        mode = "replace" if name == "photographs" else "add"
        path, table = str(self.folder / name), SCHEMAS.get(name, "FEATURES")
        return TableDataset(filepath=path, table=table, mode=mode)

    def save(self, name: str, *rows: dict[str, Any]) -> None:
        schema = getattr(schemas, SCHEMAS.get(name, "FEATURES"))
        self.catalog[name].save(pa.Table.from_pylist(list(rows), schema))

    def column(self, name: str, column: str) -> list[Any]:
        return sorted(self.catalog[name].load().read([column])[column].to_pylist())

    def collect(self) -> dict[str, Any]:
        """Plans by table; they are carried out."""
        plans = plan_garbage(self.catalog)
        self.freed = remove_garbage(self.catalog, plans)
        return {plan.table: plan for plan in plans}

    def size(self, name: str) -> int:
        return sum(path.stat().st_size for path in (self.folder / name).iterdir())


def image(path: str, modified: str = "1", content: bytes | None = b"content") -> dict[str, Any]:
    reason = None if content else "empty_file"
    row = {"path": f"/photos/{path}", "size": 9, "modified": modified}
    return {**row, "sha256": sha(path, content), "bytes": content, "reason": reason}


def feature(path: str, fingerprint: str = "now", variant: int = 0) -> dict[str, Any]:
    row = {"sha256": path, "fingerprint": fingerprint, "variant": variant}
    return {**row, "features": [0.5], "reason": None}


def photograph(path: str, status: str = "kept") -> dict[str, Any]:
    content = None if status == "rejected" else b"content"
    return {"path": f"/photos/{path}", "sha256": sha(path, content), "status": status}


def sha(path: str, content: bytes | None) -> str | None:
    """Files with the same letter have the same bytes."""
    return path[0] if content else None


@pytest.fixture
def tables(tmp_path) -> Storage:
    """Two slices of images and features; ``b`` was removed since."""
    found = Storage(tmp_path)
    found.save("images", image("a"), image("b", content=b"gone" * 5000), image("a copy"))
    found.save("images", image("c"), image("e", content=None))
    found.save("features", feature("a"), feature("b"), feature("b", variant=1))
    found.save("features", feature("c"), feature("a", "earlier"), feature("b", "earlier"))
    present = [photograph("a"), photograph("c"), photograph("a copy", "duplicate")]
    found.save("photographs", *present, photograph("e", "rejected"))
    return found


def test_images_of_removed_files_go_and_the_bytes_of_others_stay(tables):
    tables.collect()
    rows = {r["path"]: r["bytes"] for r in tables.catalog["images"].load().read().to_pylist()}
    assert rows == dict.fromkeys(["/photos/a", "/photos/a copy", "/photos/c"], b"content")


def test_features_of_removed_photographs_go_whatever_made_them(tables):
    tables.collect()
    rows = tables.catalog["features"].load().read(["sha256", "fingerprint"]).to_pylist()
    found = sorted((row["sha256"], row["fingerprint"]) for row in rows)
    assert found == [("a", "earlier"), ("a", "now"), ("c", "now")]


def test_scenes_go_with_their_photograph(tables):
    tables.save("scene_features", feature("a", variant=1), feature("b", variant=1))
    plan = tables.collect()["scene_features"]
    assert (plan.removed, plan.kept) == (1, 1)
    assert tables.column("scene_features", "sha256") == ["a"]


def test_it_says_before_what_goes_and_after_how_much_went(tables):
    before = {name: tables.size(name) for name in ("images", "features")}
    plans = plan_garbage(tables.catalog)
    assert {name: tables.size(name) for name in before} == before, "a plan removes nothing"
    assert [(plan.table, plan.removed, plan.kept) for plan in plans] == [
        ("images", 2, 3),
        ("features", 3, 3),
    ]
    assert plans[0].folders == ["/photos"]
    tables.collect()
    assert tables.freed == {name: size - tables.size(name) for name, size in before.items()}


def test_a_second_collection_removes_nothing_and_rows_can_be_added(tables):
    before = tables.catalog["photographs"].snapshot_id()
    tables.collect()
    assert tables.catalog["photographs"].snapshot_id() == before
    assert {plan.removed for plan in tables.collect().values()} == {0}
    tables.save("features", feature("d"))
    assert tables.column("features", "sha256") == ["a", "a", "c", "d"]


def test_nothing_goes_where_nobody_knows_what_is_present(tmp_path):
    found = Storage(tmp_path)
    found.save("images", image("a"))
    sentence_of(found.collect)
    assert found.column("images", "path") == ["/photos/a"]


def test_everything_goes_where_everything_was_removed(tables):
    tables.save("photographs", photograph("z"))
    plans = tables.collect()
    assert plans["images"].kept == plans["features"].kept == 0
    assert tables.column("images", "path") == []
