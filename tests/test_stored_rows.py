"""A table from storage is read by pyarrow as Spark reads it; one derived from it is not."""

import pyarrow.compute as pc
import pytest

from fruits_kedro.storage.stored_rows import (
    collect_rows,
    is_stored,
    read_stored,
    remember_parts,
    sample_rows,
    stored_mebibytes,
)

ROWS = [(f"/{n}", n, [float(n)] * 3, f"{n * 37 % 100:02}") for n in range(100)]
SCHEMA = "path string, n int, values array<float>, sha256 string"


@pytest.fixture(scope="module")
def parts(spark, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("stored")
    names = [str(folder / name) for name in ("first", "second")]
    for name, rows in zip(names, (ROWS[:60], ROWS[60:]), strict=True):
        spark.createDataFrame(rows, SCHEMA).repartition(2).write.parquet(name)
    return names


@pytest.fixture
def stored(spark, parts):
    return remember_parts(spark.read.schema(SCHEMA).parquet(*parts), parts)


def rows_of(table) -> list[tuple]:
    return [tuple(row.values()) for row in table.sort_by("n").to_pylist()]


def test_all_parts_are_read(stored):
    assert rows_of(read_stored(stored, ["path", "n", "values", "sha256"])) == ROWS


def test_only_rows_that_meet_the_condition_and_wanted_columns_are_read(stored):
    few = read_stored(stored, ["n"], pc.field("path").isin(["/3", "/70"]))
    assert rows_of(few) == [(3,), (70,)]


def test_a_derived_table_is_not_stored(stored):
    derived = stored.filter("n < 5")
    assert is_stored(stored) and not is_stored(derived)
    with pytest.raises(KeyError):
        read_stored(derived, ["n"])


def test_rows_are_the_same_by_either_way(stored):
    derived = stored.filter("n >= 0")
    assert rows_of(collect_rows(stored)) == rows_of(collect_rows(derived)) == ROWS


def test_the_size_covers_every_part(spark, stored, parts):
    one = remember_parts(spark.read.schema(SCHEMA).parquet(parts[0]), parts[:1])
    assert 0 < stored_mebibytes(one) < stored_mebibytes(stored) < 1


@pytest.mark.parametrize("limit", [7, 1000])
def test_a_sample_is_the_smallest_hashes_by_either_way(stored, limit):
    smallest = sorted((row[3], row[1]) for row in ROWS)[:limit]
    for table in (stored, stored.filter("n >= 0")):
        sample = sample_rows(table, ["sha256", "n"], limit)
        assert list(zip(*sample.to_pydict().values(), strict=True)) == smallest
