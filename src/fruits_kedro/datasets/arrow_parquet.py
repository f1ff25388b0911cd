"""Arrow tables as Parquet, with the columns of a schema in Spark's words."""

import re
from typing import TYPE_CHECKING

from fruits_kedro.storage.heavy_types import ArrowTable

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_GROUP = 16384
"""16 MB of 300 float32: enough to be read fast, few enough to be skipped by statistics."""


def columns_of(schema: str) -> list[tuple[str, str]]:
    """Name and kind of each column of a schema as ``fruits_kedro.storage.schemas`` writes it."""
    fields = re.split(r",\s*(?![^<]*>)", schema)
    return [(name, kind) for name, kind in (field.split(" ", 1) for field in fields)]


def render_parquet(table: ArrowTable, schema: str) -> bytes:
    """A table as the content of one Parquet file; the same rows give the same bytes.

    Args:
        table: Has the columns of ``schema``, and any others, which are left out.
        schema: Columns and kinds, as in ``fruits_kedro.storage.schemas``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = columns_of(schema)
    fields = pa.schema([(name, _arrow_type(kind)) for name, kind in columns])
    rows = table.select([name for name, _ in columns]).cast(fields).combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, row_group_size=_ROWS_PER_GROUP, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _arrow_type(kind: str) -> "pa.DataType":
    import pyarrow as pa

    simple = {
        "string": pa.string(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "binary": pa.binary(),
    }
    inner = re.fullmatch(r"array<(.+)>", kind)
    return pa.list_(_arrow_type(inner[1])) if inner else simple[kind]
