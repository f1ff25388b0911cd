"""Rows of stored tables, read on the driver by pyarrow.

What fits into the driver's memory is read from Parquet twenty times as fast as Spark collects it,
which passes every row through the JVM. So a table that comes from storage remembers where it lies;
one that was derived from it does not, and has only Spark.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.storage.files import filesystem

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
