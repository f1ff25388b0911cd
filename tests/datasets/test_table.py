"""Tables: any tool reads exactly the rows of the newest version, also after a save that died."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sentences import sentence_of

from fruits_kedro.cluster.tasks import WorkerRows, cut
from fruits_kedro.datasets import TableDataset
from fruits_kedro.storage import tables
from fruits_kedro.storage.schemas import VARIANTS


def variants(*numbers: int) -> pa.Table:
    """Rows that are told apart by their sha256."""
    values = [[f"{n:064x}" for n in numbers], [1] * len(numbers), ["f"] * len(numbers)]
    return pa.table(values, schema=VARIANTS)


def table_at(folder: Path, **options: Any) -> TableDataset:
    return TableDataset(filepath=str(folder / "table"), table="VARIANTS", **options)


def by_pandas(folder: str) -> list[str]:
    return list(pd.read_parquet(folder)["sha256"])


def by_polars(folder: str) -> list[str]:
    import polars

    found = polars.read_parquet(folder)["sha256"]
    assert polars.scan_parquet(folder).collect()["sha256"].equals(found)
    return found.to_list()


def by_duckdb(folder: str) -> list[str]:
    import duckdb

    return [row[0] for row in duckdb.sql(f"select sha256 from '{folder}/*.parquet'").fetchall()]


@pytest.fixture(params=[by_pandas, by_polars, by_duckdb], ids=lambda by: by.__name__)
def reader(request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    return request.param


def rows_of(numbers: Any) -> list[str]:
    return sorted(f"{n:064x}" for n in numbers)


def loaded(table: TableDataset) -> list[str]:
    return sorted(table.load().read()["sha256"].to_pylist())


class TestOtherTools:
    @pytest.mark.parametrize(("mode", "numbers"), [("replace", (3, 4)), ("add", (1, 2, 3, 4))])
    def test_a_table_has_its_newest_or_all_rows(self, tmp_path, reader, mode, numbers):
        table = table_at(tmp_path, mode=mode)
        table.save(variants(1, 2))
        table.save(variants(3, 4))
        assert sorted(reader(str(tmp_path / "table"))) == rows_of(numbers)

    @pytest.mark.parametrize(
        ("mode", "moment", "left"),
        [
            ("replace", "replace_file", (1, 2)),
            ("add", "replace_file", (1, 2)),
            ("replace", "Folder._remove_others", (3,)),
        ],
    )
    def test_after_a_save_that_died(self, tmp_path, reader, monkeypatch, mode, moment, left):
        table = table_at(tmp_path, mode=mode)
        table.save(variants(1, 2))
        with monkeypatch.context() as patched:
            patched.setattr(f"fruits_kedro.storage.manifest.{moment}", _die)
            with pytest.raises(KeyboardInterrupt):
                table.save(variants(3))
        assert loaded(table) == rows_of(left)
        table.tidy()  # as the next run does first
        assert sorted(reader(str(tmp_path / "table"))) == rows_of(left)


def test_files_that_no_manifest_names_are_removed_and_said(tmp_path, caplog):
    caplog.set_level("INFO")
    table = table_at(tmp_path)
    table.save(variants(1, 2))
    table.save(variants(3))
    assert "no manifest names" not in caplog.text
    (tmp_path / ".table.manifest.json").unlink()
    table.tidy()
    assert "Removed 1 files" in caplog.text
    assert not list((tmp_path / "table").iterdir())


def test_workers_add_data_files_in_order_and_spark_reads_the_folder_with_no_option(tmp_path, spark):
    table = table_at(tmp_path, mode="add")
    table.save(variants(0, 1))
    table.save(WorkerRows(cut(variants(*range(2, 100)), 7), lambda task: task.to_batches()))
    files = list((tmp_path / "table").iterdir())
    assert len(files) == 15
    assert all(file.suffix == ".parquet" and file.is_file() for file in files)
    assert table.load().read()["sha256"].to_pylist() == rows_of(range(100))
    found = spark.read.parquet(str(tmp_path / "table")).select("sha256").collect()
    assert sorted(row.sha256 for row in found) == rows_of(range(100))


def test_equal_content_keeps_its_identity(tmp_path):
    table = table_at(tmp_path)
    table.save(variants(1, 2))
    before = table.snapshot_id()
    table.save(variants(1, 2))
    assert table.snapshot_id() == before
    table.save(variants(2, 1))
    assert table.snapshot_id() != before


def test_many_small_saves_stay_few_files_and_a_small_manifest(tmp_path):
    table = table_at(tmp_path, mode="add")
    for number in range(200):
        table.save(variants(number))
    assert len(list((tmp_path / "table").iterdir())) <= 65
    manifest = json.loads((tmp_path / ".table.manifest.json").read_text())
    assert len(manifest["files"]) <= 65
    assert loaded(table) == rows_of(range(200))


def test_an_empty_table_loads_as_none_or_is_refused(tmp_path):
    assert table_at(tmp_path, missing_ok=True).load().rows == 0
    sentence_of(table_at(tmp_path).load)
    table_at(tmp_path).save(variants())
    assert table_at(tmp_path).load().read().num_rows == 0


@pytest.mark.parametrize("damage", ["missing", "shorter", "other bytes"])
def test_a_damaged_file_is_an_error_and_no_identity(tmp_path, damage):
    table = table_at(tmp_path)
    table.save(variants(1))
    [file] = (tmp_path / "table").iterdir()
    size = file.stat().st_size
    file.unlink()
    if damage != "missing":
        file.write_bytes(b"P" * (size - (damage == "shorter")))
    assert table.snapshot_id() is None
    assert str(file) in sentence_of(table.load)


def test_refresh_forgets_earlier_rows_once(tmp_path):
    table_at(tmp_path, mode="add").save(variants(1))
    assert table_at(tmp_path, mode="read", refresh=True).load().rows == 0
    table = table_at(tmp_path, mode="add", refresh=True)
    table.save(variants(2))
    table.save(variants(3))
    assert table.load().rows == 2


def test_rows_are_removed_file_by_file_and_foreign_files_stay(tmp_path):
    table = table_at(tmp_path, mode="add")
    table.save(variants(1, 2))
    (tmp_path / "table" / "notes.txt").write_text("mine")
    table.save(variants(3, 4))
    removed, _ = table.keep_only(pc.field("sha256") != f"{4:064x}")
    assert removed == 1
    assert loaded(table) == rows_of((1, 2, 3))
    assert (tmp_path / "table" / "notes.txt").exists()


class TestTable:
    def test_places_find_the_same_rows_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tables, "_GROUP_ROWS", 20)
        dataset = table_at(tmp_path, mode="add")
        dataset.save(variants(*range(50)))
        dataset.save(variants(*range(50, 80)))
        table = dataset.load()
        places = table.places(["sha256"]).take([1, 3, 48, 50, 79])
        read = tables.read_places(table.file_uris, places, ["sha256"])
        found = [(part.start, part.stop, batch.column(0).to_pylist()) for part, batch in read]
        groups = [(0, 2, (1, 3)), (2, 3, (48,)), (3, 4, (50,)), (4, 5, (79,))]
        assert found == [(start, stop, rows_of(numbers)) for start, stop, numbers in groups]

    def test_a_sample_is_even_and_the_same_whatever_the_order(self, tmp_path):
        dataset = table_at(tmp_path)
        dataset.save(variants(5, 3, 9, 1))
        assert dataset.load().sample(["sha256"], 2)["sha256"].to_pylist() == rows_of((1, 3))
        assert dataset.load().sample(["sha256"], 9)["sha256"].to_pylist() == rows_of((1, 3, 5, 9))

    def test_batches_give_all_rows_in_order(self, tmp_path):
        dataset = table_at(tmp_path, mode="add")
        dataset.save(variants(*range(5000)))
        dataset.save(variants(*range(5000, 6000)))
        batches = list(dataset.load().batches(["sha256"]))
        assert max(batch.num_rows for batch in batches) <= 4096
        found = [value for batch in batches for value in batch.column(0).to_pylist()]
        assert found == [f"{n:064x}" for n in range(6000)]


def _die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt
