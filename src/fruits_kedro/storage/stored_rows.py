"""Rows of stored tables, read on the driver by pyarrow.

What fits into the driver's memory is read from Parquet twenty times as fast as Spark collects it,
which passes every row through the JVM. So a table that comes from storage remembers where it lies;
one that was derived from it does not, and has only Spark.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fruits_kedro.storage.files import filesystem
from fruits_kedro.storage.heavy_types import DataFrame

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as pads

_parts: "WeakKeyDictionary[DataFrame, tuple[str, ...]]" = WeakKeyDictionary()


def remember_parts(table: DataFrame, uris: Sequence[str]) -> DataFrame:
    """Note the Parquet folders that a table is made of, and give the table back."""
    _parts[table] = tuple(uris)
    return table


def is_stored(table: DataFrame) -> bool:
    """Whether the rows can be read without Spark."""
    return table in _parts


def collect_rows(table: DataFrame) -> "pa.Table":
    """All rows of a table of small rows: by pyarrow where it is stored, else by Spark."""
    return read_stored(table, table.columns) if is_stored(table) else table.toArrow()


def read_stored(
    table: DataFrame, columns: Sequence[str], rows: "pc.Expression | None" = None
) -> "pa.Table":
    """Columns of a stored table, of all rows or of those that meet a condition.

    Raises:
        KeyError: Where the table is derived, and not stored.
    """
    import pyarrow.dataset as pads

    return pads.dataset(_datasets(table)).to_table(columns=list(columns), filter=rows)


def count_rows(table: DataFrame) -> int:
    """Rows of a table; of a stored one its files tell."""
    if not is_stored(table):
        return table.count()
    return sum(part.count_rows() for part in _datasets(table))


def read_rows(table: DataFrame, columns: Sequence[str], rows: "pc.Expression") -> "pa.Table":
    """Columns of the rows that meet a condition, by pyarrow where they are stored."""
    if is_stored(table):
        return read_stored(table, columns, rows)
    return table.toArrow().filter(rows).select(list(columns))


def sample_rows(table: DataFrame, columns: Sequence[str], limit: int) -> "pa.Table":
    """A sample of a table's rows, the same in every run, in the order of their ``sha256``.

    The table is never in memory as a whole: of a stored one only rows whose hash is small are kept
    while it is read.

    Args:
        table: Has a column ``sha256``, whose values are as good as random numbers.
        columns: Those to read; ``sha256`` among them.
        limit: Rows, at most: those with the smallest hashes.
    """
    if not is_stored(table):
        return table.select(*columns).orderBy("sha256").limit(limit).toArrow()
    import pyarrow.compute as pc
    import pyarrow.dataset as pads

    hashes = pads.dataset(_datasets(table)).to_table(columns=["sha256"])["sha256"]
    if len(hashes) <= limit:
        return read_stored(table, columns).sort_by("sha256")
    largest = pc.bottom_k_unstable(hashes, limit)[-1]
    last = hashes.take([largest.as_py()])[0]
    return read_stored(table, columns, pc.field("sha256") <= last).sort_by("sha256")


def stored_mebibytes(table: DataFrame) -> float:
    """Memory that all columns of a stored table would take, as its files tell, in MiB."""
    groups = (
        group
        for part in _datasets(table)
        for fragment in part.get_fragments()
        for group in fragment.row_groups
    )
    return sum(group.total_byte_size for group in groups) / 2**20


def _datasets(table: DataFrame) -> "list[pads.Dataset]":
    import pyarrow.dataset as pads

    places = (filesystem(uri) for uri in _parts[table])
    return [pads.dataset(path, filesystem=fs, format="parquet") for fs, path in places]
