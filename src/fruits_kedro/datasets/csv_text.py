"""Rendering a table as CSV."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fruits_kedro.datasets.spreadsheets import neutralise
from fruits_kedro.datasets.streamed_csv import CsvText
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.stored_rows import is_stored, read_stored, stored_mebibytes

if TYPE_CHECKING:
    import pyarrow as pa

_LINES = 1024
"""Rendered at once: some megabytes of text."""


def render_csv(
    table: DataFrame,
    columns: Sequence[str] | None = None,
    wide: str | None = None,
    prefix: str = "",
    driver_megabytes: int = 0,
) -> CsvText:
    """Render a table as CSV, in the order of ``path``.

    Text that a spreadsheet would run as a formula gets a leading apostrophe.

    Args:
        table: Plain columns, one of them ``path``.
        columns: Those to render, or all.
        wide: An array column to spread over columns ``<prefix>1`` … ``<prefix>n``.
        prefix: Of the names of those columns.
        driver_megabytes: MiB of a stored table that are rendered on the driver; more is rendered on
            the workers, with the same result.
    """
    if is_stored(table) and stored_mebibytes(table) <= driver_megabytes:
        rows = read_stored(table, columns or table.columns).sort_by("path")
        return _render_on_driver(rows, wide, prefix)
    return _render_on_workers(table.select(*columns or "*").orderBy("path"), wide, prefix)


def _render_on_driver(rows: "pa.Table", wide: str | None, prefix: str) -> CsvText:
    width = len(rows[wide][0]) if wide and rows.num_rows else 0
    names = _names(rows.column_names, wide, prefix, width)
    batches = rows.to_batches(max_chunksize=_LINES)
    return CsvText(_header(names), (_lines(_spread(batch, wide, names)) for batch in batches))


def _render_on_workers(ordered: DataFrame, wide: str | None, prefix: str) -> CsvText:
    first = ordered.select(wide).first() if wide else None
    names = _names(ordered.columns, wide, prefix, len(first[0]) if first else 0)

    def render_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            if batch.num_rows:
                text = _lines(_spread(batch, wide, names))
                yield pa.RecordBatch.from_arrays([pa.array([text], pa.binary())], ["text"])

    def chunks() -> Iterator[bytes]:
        rendered = ordered.mapInArrow(render_batches, "text binary")
        for row in rendered.toLocalIterator(prefetchPartitions=True):
            yield bytes(row.text)

    return CsvText(_header(names), chunks())


def _names(columns: Sequence[str], wide: str | None, prefix: str, width: int) -> list[str]:
    plain = [name for name in columns if name != wide]
    return plain + [f"{prefix}{i + 1}" for i in range(width)]


def _header(names: list[str]) -> bytes:
    return (",".join(f'"{name}"' for name in names) + "\n").encode()


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
