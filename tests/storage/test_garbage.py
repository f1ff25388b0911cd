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

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        table = self.catalog[name].load().read(columns)
        return sorted(tuple(row.values()) for row in table.to_pylist())

    def collect(self) -> dict[str, Any]:
        """Plans by table; they are carried out."""
        plans = plan_garbage(self.catalog)
        self.freed = remove_garbage(self.catalog, plans)
        return {plan.table: plan for plan in plans}

    def size(self, name: str) -> int:
        return sum(path.stat().st_size for path in (self.folder / name).iterdir())


def image(path: str, content: bytes | None = b"content") -> dict[str, Any]:
    row = {"path": f"/photos/{path}", "size": 9, "modified": "1"}
    return {**row, "sha256": path[0] if content else None, "bytes": content}


def feature(sha256: str, fingerprint: str = "now", variant: int = 0) -> dict[str, Any]:
    row = {"sha256": sha256, "fingerprint": fingerprint, "variant": variant}
    return {**row, "features": [0.5], "reason": None}


def photograph(path: str, status: str = "kept") -> dict[str, Any]:
    """Files with the same first letter have the same bytes."""
    sha256 = None if status == "rejected" else path[0]
    return {"path": f"/photos/{path}", "sha256": sha256, "status": status}


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


def test_what_belongs_to_removed_photographs_goes_and_the_rest_stays(tables):
    tables.save("scene_features", feature("a", variant=1), feature("b", variant=1))
    plan = tables.collect()["scene_features"]
    assert (plan.removed, plan.kept) == (1, 1)
    assert tables.rows("scene_features", "sha256") == [("a",)]
    present = [(f"/photos/{name}", b"content") for name in ("a", "a copy", "c")]
    assert tables.rows("images", "path", "bytes") == present
    kept = [("a", "earlier"), ("a", "now"), ("c", "now")]
    assert tables.rows("features", "sha256", "fingerprint") == kept
    assert {plan.removed for plan in tables.collect().values()} == {0}
    tables.save("features", feature("d"))
    assert tables.rows("features", "sha256") == [("a",), ("a",), ("c",), ("d",)]


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


def test_nothing_goes_where_nobody_knows_what_is_present(tmp_path):
    found = Storage(tmp_path)
    found.save("images", image("a"))
    sentence_of(found.collect)
    assert found.rows("images", "path") == [("/photos/a",)]


def test_everything_goes_where_everything_was_removed(tables):
    tables.save("photographs", photograph("z"))
    plans = tables.collect()
    assert plans["images"].kept == plans["features"].kept == 0
    assert tables.rows("images", "path") == []
