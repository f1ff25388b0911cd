"""Rendering a table as CSV on the workers."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fruits_kedro.datasets.streamed_csv import CsvText
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.spreadsheets import neutralise

if TYPE_CHECKING:
    import pyarrow as pa


def render_csv(table: DataFrame, wide: str | None = None, prefix: str = "") -> CsvText:
    """Render a table as CSV, in the order of ``path``.

    Text that a spreadsheet would run as a formula gets a leading apostrophe.

    Args:
        table: Plain columns, one of them ``path``.
        wide: An array column to spread over columns ``<prefix>1`` … ``<prefix>n``.
        prefix: Of the names of those columns.
    """
    ordered = table.orderBy("path")
    names = [name for name in table.columns if name != wide]
    if wide:
        first = table.select(wide).first()
        names += [f"{prefix}{i + 1}" for i in range(len(first[0]) if first else 0)]

    def render_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            if batch.num_rows:
                text = _lines(_spread(batch, wide, names))
                yield pa.RecordBatch.from_arrays([pa.array([text], pa.binary())], ["text"])

    header = (",".join(f'"{name}"' for name in names) + "\n").encode()
    return CsvText(header, ordered.mapInArrow(render_batches, "text binary"))


def _spread(batch: "pa.RecordBatch", wide: str | None, names: list[str]) -> "pa.Table":
    import pyarrow as pa

    columns = []
    for name in batch.schema.names:
        column = batch.column(name)
        if name == wide:
            continue
        if pa.types.is_string(column.type):
            column = neutralise(column)
        columns.append(column)
    if wide:
        values = batch.column(wide).flatten()
        matrix = values.to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)
        columns += [pa.array(matrix[:, i].copy()) for i in range(matrix.shape[1])]
    return pa.table(columns, names)


def _lines(table: "pa.Table") -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    content: bytes = sink.getvalue().to_pybytes()
    return content
