"""Slices hold every row once."""

import pytest

from fruits_kedro.storage.slices import slices_of

PATHS = ["/a/é.jpg", "/a/z.jpg", "/a/Z.jpg", "/b/1.jpg", "/b/10.jpg", "/b/2.jpg", "/😀.jpg"]
SCHEMA = "path string, size bigint"


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8, 1000])
def test_slices_hold_every_row_once_and_no_more_than_asked(spark, count):
    sizes = {path: 10**position for position, path in enumerate(PATHS)}
    rows = spark.createDataFrame(list(sizes.items()), SCHEMA).repartition(3)
    slices = list(slices_of(rows, count))
    held = [[row.path for row in piece.of(rows).collect()] for piece in slices]
    assert sorted(path for paths in held for path in paths) == sorted(PATHS)
    assert [len(paths) for paths in held[:-1]] == [count] * (len(held) - 1)
    assert 1 <= len(held[-1]) <= count
    assert slices == sorted(slices)
    assert [piece.rows for piece in slices] == [len(paths) for paths in held]
    assert [piece.size for piece in slices] == [sum(sizes[path] for path in p) for p in held]


def test_no_rows_have_no_slices(spark):
    assert list(slices_of(spark.createDataFrame([], SCHEMA), 10)) == []
