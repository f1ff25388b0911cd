"""Ranges of paths hold every row once."""

import pytest

from fruits_kedro.slices import path_ranges

PATHS = ["/a/é.jpg", "/a/z.jpg", "/a/Z.jpg", "/b/1.jpg", "/b/10.jpg", "/b/2.jpg", "/😀.jpg"]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 1000])
def test_ranges_hold_every_row_once_and_no_more_than_asked(spark, size):
    rows = spark.createDataFrame([(path,) for path in PATHS], "path string").repartition(3)
    ranges = list(path_ranges(rows, size))
    held = [
        [row.path for row in rows.filter(rows.path.between(first, last)).collect()]
        for first, last in ranges
    ]
    assert sorted(path for paths in held for path in paths) == sorted(PATHS)
    assert [len(paths) for paths in held[:-1]] == [size] * (len(held) - 1)
    assert 1 <= len(held[-1]) <= size
    assert ranges == sorted(ranges)


def test_no_rows_have_no_ranges(spark):
    assert list(path_ranges(spark.createDataFrame([], "path string"), 10)) == []
