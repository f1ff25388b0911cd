"""Cutting long work into slices that are committed one by one."""

from collections.abc import Iterator

from fruits_kedro.heavy_types import DataFrame


def path_ranges(rows: DataFrame, size: int) -> Iterator[tuple[str, str]]:
    """Ranges of ``path`` that hold at most ``size`` rows each, in order, none left out.

    A range of paths is what Parquet can find without reading the rest: tables are written in the
    order of their paths, so that row groups outside the range are skipped by their statistics.

    Args:
        rows: Any rows with a unique ``path``.
        size: Rows per range, at least 1.

    Yields:
        First and last path of each range, both included.
    """
    paths = rows.select("path").orderBy("path").toArrow().column("path")
    for start in range(0, len(paths), size):
        last = min(start + size, len(paths)) - 1
        yield paths[start].as_py(), paths[last].as_py()
