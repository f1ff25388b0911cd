"""Cutting long work into slices that are committed one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

from fruits_kedro.cluster.progress import expect
from fruits_kedro.storage.heavy_types import DataFrame


@dataclass(frozen=True, order=True)
class Slice:
    """A range of paths, both ends included.

    Attributes:
        first, last: Paths.
        rows: How many there are.
        size: Bytes of their files.
    """

    first: str
    last: str
    rows: int
    size: int

    def of(self, table: DataFrame) -> DataFrame:
        """The rows of a table in this range."""
        return table.filter(table.path.between(self.first, self.last))


def slices_of(rows: DataFrame, count: int) -> Iterator[Slice]:
    """Ranges of ``path`` that hold at most ``count`` rows each, in order, none left out.

    A range of paths is what Parquet can find without reading the rest: tables are written in the
    order of their paths, so that row groups outside the range are skipped by their statistics.

    Args:
        rows: Rows with a unique ``path`` and the ``size`` of its file in bytes.
        count: Rows per slice, at least 1.
    """
    import pyarrow.compute as pc

    table = rows.select("path", "size").orderBy("path").toArrow()
    expect(table.num_rows)
    for start in range(0, table.num_rows, count):
        part = table.slice(start, count)
        paths = part.column("path")
        size = pc.sum(part.column("size")).as_py() or 0
        yield Slice(paths[0].as_py(), paths[-1].as_py(), part.num_rows, size)
