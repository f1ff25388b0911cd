"""Tables as snapshots: what is saved is loaded, and a reader needs no JVM to look."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus import AWKWARD_FOLDERS
from kedro.io import DatasetError

from fruits_kedro import FruitsError
from fruits_kedro.datasets import SnapshotParquetDataset
from fruits_kedro.storage.schemas import SPLITS
from fruits_kedro.storage.stored_rows import collect_rows

ROWS = [("/a", "apple", "train", "00"), ("/b", "pear", "test", "01")]
MORE = [("/c", "fig", None, "02")]


def table(spark, rows: list[tuple]):
    return spark.createDataFrame(rows, SPLITS)


def dataset(folder: Path, **options) -> SnapshotParquetDataset:
    return SnapshotParquetDataset(filepath=str(folder / "splits"), table="SPLITS", **options)


def loaded(folder: Path, **options) -> list[tuple]:
    return sorted(tuple(row) for row in dataset(folder, **options).load().collect())


def sentence(error: DatasetError) -> str:
    """What the FruitsError says that Kedro wrapped."""
    assert isinstance(error.__cause__, FruitsError)
    assert "\n" not in error.__cause__.message
    return error.__cause__.message


def test_a_table_comes_back(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    assert loaded(tmp_path) == ROWS


def arrow_table(rows: list[tuple]) -> pa.Table:
    names = ("sha256", "path", "label", "split")
    return pa.table([[row[n] for row in rows] for n in (3, 0, 1, 2)], names)


def test_a_table_of_arrow_comes_back_by_spark_and_without(spark, tmp_path):
    dataset(tmp_path).save(arrow_table(ROWS))
    assert loaded(tmp_path) == ROWS
    rows = collect_rows(dataset(tmp_path).load())
    assert [tuple(row.values()) for row in rows.to_pylist()] == ROWS


def test_a_table_of_arrow_that_comes_out_the_same_keeps_its_snapshot(spark, tmp_path):
    dataset(tmp_path).save(arrow_table(ROWS))
    first = dataset(tmp_path).snapshot_id()
    dataset(tmp_path).save(arrow_table(ROWS))
    assert dataset(tmp_path).snapshot_id() == first
    dataset(tmp_path).save(arrow_table(ROWS[:1] + MORE))
    assert loaded(tmp_path) == ROWS[:1] + MORE


def test_parts_of_spark_and_of_arrow_are_one_table(spark, tmp_path):
    dataset(tmp_path, mode="add").save(table(spark, ROWS))
    dataset(tmp_path, mode="add").save(arrow_table(MORE))
    assert loaded(tmp_path) == ROWS + MORE
    assert collect_rows(dataset(tmp_path).load()).num_rows == 3


@pytest.mark.parametrize("name", AWKWARD_FOLDERS)
def test_a_table_lies_in_the_folder_it_was_sent_to(spark, tmp_path, name):
    adding = dataset(tmp_path / name, mode="add")
    adding.save(table(spark, ROWS))
    adding.save(table(spark, MORE))
    assert loaded(tmp_path / name) == ROWS + MORE
    assert os.listdir(tmp_path) == [name]
    files = [path.parts[-3] for path in tmp_path.rglob("*.parquet")]
    assert set(files) == {"splits"}
    adding.save(adding.load())
    assert len(loaded(tmp_path / name)) == 6


def test_replace_forgets_what_was(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    dataset(tmp_path).save(table(spark, MORE))
    assert loaded(tmp_path) == MORE


def test_add_keeps_what_was(spark, tmp_path):
    adding = dataset(tmp_path, mode="add")
    adding.save(table(spark, ROWS))
    adding.save(table(spark, MORE))
    assert loaded(tmp_path) == ROWS + MORE


def test_a_table_derived_from_itself_can_be_saved(spark, tmp_path):
    adding = dataset(tmp_path)
    adding.save(table(spark, ROWS))
    adding.save(adding.load().union(table(spark, MORE)))
    assert loaded(tmp_path) == ROWS + MORE


def test_a_table_loaded_before_a_save_stays_readable(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    before = dataset(tmp_path).load()
    dataset(tmp_path).save(table(spark, MORE))
    assert before.count() == len(ROWS)


def test_read_refuses_to_save(spark, tmp_path):
    with pytest.raises(DatasetError) as error:
        dataset(tmp_path, mode="read").save(table(spark, ROWS))
    assert sentence(error.value) == "The catalog opens splits for reading only."
    assert os.listdir(tmp_path) == []


def test_nothing_saved_yet_is_told(spark, tmp_path):
    with pytest.raises(DatasetError) as error:
        dataset(tmp_path).load()
    assert f"nothing at {tmp_path}/splits yet" in sentence(error.value)


def test_missing_ok_loads_an_empty_table(spark, tmp_path):
    empty = dataset(tmp_path, missing_ok=True).load()
    assert empty.columns == ["path", "label", "split", "sha256"]
    assert empty.count() == 0


def test_missing_ok_loads_what_there_is(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    assert loaded(tmp_path, missing_ok=True) == ROWS


def test_refresh_forgets_what_is_known(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    assert loaded(tmp_path, mode="read", refresh=True) == []


def test_with_refresh_the_first_save_of_a_run_replaces_and_the_next_adds(spark, tmp_path):
    dataset(tmp_path, mode="add").save(table(spark, ROWS))
    run = dataset(tmp_path, mode="add", refresh=True)
    run.save(table(spark, MORE))
    assert loaded(tmp_path) == MORE
    run.save(table(spark, ROWS))
    assert loaded(tmp_path) == sorted(MORE + ROWS)


def test_columns_are_cast_to_the_schema_and_others_left_out(spark, tmp_path):
    saved = SnapshotParquetDataset(filepath=str(tmp_path / "features"), table="FEATURES")
    wide = spark.sql(
        "select 'p' path, 's' sha256, 'l' label, 'train' split, 'f' fingerprint, 0L variant, "
        "array(1.5d, 2d) features, cast(null as string) reason, 'x' another"
    )
    saved.save(wide)
    kinds = dict(saved.load().dtypes)
    assert kinds == {
        "sha256": "string",
        "path": "string",
        "label": "string",
        "split": "string",
        "fingerprint": "string",
        "variant": "int",
        "features": "array<float>",
        "reason": "string",
    }
    assert saved.load().first().features == [1.5, 2.0]


def test_a_missing_column_fails_and_the_old_table_stays(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    with pytest.raises(DatasetError, match="sha256"):
        dataset(tmp_path).save(table(spark, MORE).drop("sha256"))
    assert loaded(tmp_path) == ROWS


def test_a_save_that_fails_in_a_task_leaves_the_old_table(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    failing = table(spark, MORE).selectExpr(
        "path", "raise_error('lost worker') as label", "split", "sha256"
    )
    with pytest.raises(DatasetError, match="lost worker"):
        dataset(tmp_path).save(failing)
    assert loaded(tmp_path) == ROWS
    assert dataset(tmp_path).preview()["index"] == [0, 1]


@pytest.mark.parametrize("mode", ["replace", "add"])
@pytest.mark.parametrize("how", ["no rows", "all filtered", "no partitions"])
def test_an_empty_table_comes_back_empty(spark, tmp_path, mode, how):
    empty = {
        "no rows": table(spark, []),
        "all filtered": table(spark, ROWS).filter("label = 'none'"),
        "no partitions": spark.createDataFrame(spark.sparkContext.emptyRDD(), SPLITS),
    }[how]
    dataset(tmp_path, mode=mode).save(empty)
    assert loaded(tmp_path) == []
    assert dataset(tmp_path).exists()
    assert dataset(tmp_path).preview()["data"] == []


def test_adding_nothing_changes_nothing(spark, tmp_path):
    adding = dataset(tmp_path, mode="add")
    adding.save(table(spark, ROWS))
    adding.save(table(spark, []))
    assert loaded(tmp_path) == ROWS


def test_it_exists_once_saved(spark, tmp_path):
    assert not dataset(tmp_path).exists()
    dataset(tmp_path).save(table(spark, ROWS))
    assert dataset(tmp_path).exists()


def test_a_damaged_pointer_is_named(spark, tmp_path):
    dataset(tmp_path).save(table(spark, ROWS))
    (tmp_path / "splits" / "_current.json").write_text("{")
    with pytest.raises(DatasetError) as error:
        dataset(tmp_path).load()
    assert f"{tmp_path}/splits/_current.json" in sentence(error.value)


def test_any_tool_can_read_the_parts(spark, tmp_path):
    import pandas as pd

    dataset(tmp_path).save(table(spark, ROWS))
    (part,) = (tmp_path / "splits").glob("part-*")
    assert sorted(pd.read_parquet(part).path) == ["/a", "/b"]


PREVIEW = """
import json, sys
from fruits_kedro.datasets import SnapshotParquetDataset
shown = SnapshotParquetDataset(filepath=sys.argv[1], table=sys.argv[2]).preview(int(sys.argv[3]))
print(json.dumps({"shown": shown, "pyspark": "pyspark" in sys.modules}))
"""


def preview_elsewhere(filepath: Path, name: str, rows: int) -> dict:
    """The preview as a process without Java sees it."""
    environment = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"} | {"PATH": ""}
    command = [sys.executable, "-c", PREVIEW, str(filepath), name, str(rows)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    answer: dict = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_a_preview_needs_no_jvm_and_shows_no_bytes(spark, tmp_path):
    images = SnapshotParquetDataset(filepath=str(tmp_path / "images"), table="IMAGES")
    columns = "path, label, split, size, modified, sha256, width, height, format, bytes, reason"
    images.save(
        spark.range(30).selectExpr(
            "concat('/', id) path",
            "'l' label",
            "null split",
            "1 size",
            "'m' modified",
            "null sha256",
            "9 width",
            "9 height",
            "'JPEG' format",
            "cast(repeat('x', 1000) as binary) bytes",
            "null reason",
        )
    )
    answer = preview_elsewhere(tmp_path / "images", "IMAGES", 7)
    assert answer["pyspark"] is False
    assert answer["shown"]["columns"] == [c for c in columns.split(", ") if c != "bytes"]
    assert len(answer["shown"]["data"]) == 7


def test_a_preview_shows_null_as_null(spark, tmp_path):
    dataset(tmp_path).save(table(spark, [("/a", "nan", None, "00")]))
    assert dataset(tmp_path).preview()["data"] == [["/a", "nan", None, "00"]]


def test_a_preview_of_nothing_has_columns_only(tmp_path):
    answer = preview_elsewhere(tmp_path / "splits", "SPLITS", 5)
    columns = ["path", "label", "split", "sha256"]
    assert answer == {"shown": {"index": [], "columns": columns, "data": []}, "pyspark": False}


# --- large rows ----------------------------------------------------------------------------------

MEGABYTES, LARGE_ROWS = 8, 20


def large_rows(spark):
    """Rows of ``schemas.IMAGES`` in one task, with bytes that do not compress."""

    def fill(batches):
        import pyarrow as pa

        for batch in batches:
            for number in batch.column(0).to_pylist():
                names, content = [f"/{number:02}.jpg"], [os.urandom(MEGABYTES << 20)]
                yield pa.RecordBatch.from_arrays([pa.array(names), pa.array(content)], ["p", "b"])

    rows = spark.range(0, LARGE_ROWS, 1, 1).mapInArrow(fill, "p string, b binary")
    text = "cast(null as string)"
    return rows.selectExpr(
        *("p as path", f"{text} as label", f"{text} as split", "1L as size", "'t' as modified"),
        *(f"{text} as sha256", "1 as width", "1 as height", "'JPEG' as format", "b as bytes"),
        f"{text} as reason",
    )


def test_large_rows_are_neither_held_nor_sent_by_the_hundred(spark, tmp_path):
    """A writer or a batch that counts rows alone would hold gigabytes of photographs."""
    images = SnapshotParquetDataset(filepath=str(tmp_path / "images"), table="IMAGES")
    images.save(large_rows(spark))
    [file] = (tmp_path / "images").glob("part-*/*.parquet")
    groups = pq.ParquetFile(file).metadata
    held = [groups.row_group(n).total_byte_size >> 20 for n in range(groups.num_row_groups)]
    assert len(held) > 1
    assert max(held) <= 128 + 2 * MEGABYTES

    def measure(batches):
        import pyarrow as pa

        for batch in batches:
            yield pa.RecordBatch.from_arrays([pa.array([batch.num_rows])], ["rows"])

    sent = images.load().select("bytes").coalesce(1).mapInArrow(measure, "rows long").collect()
    assert sum(row.rows for row in sent) == LARGE_ROWS
    assert max(row.rows for row in sent) * MEGABYTES <= 64 + 2 * MEGABYTES
