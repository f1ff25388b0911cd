"""What one task on Spark's Python workers shares: files to read, rows in bounded batches."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.isolation import caller_for_task
from fruits_kedro.photos.reading import read_within
from fruits_kedro.storage.schemas import IMAGES

TO_READ = pa.schema({"path": pa.string(), "size": pa.int64(), "modified": pa.string()})
"""Columns of a task that reads files."""

_BATCH_BYTES = 64 << 20
_BATCH_ROWS = 256
"""Bytes of photographs, and rows, at which a batch is written."""


def read_task(rows: pa.Table, parameters: IngestionParameters) -> Iterator[pa.RecordBatch]:
    """Read the files of a task: rows of ``TO_READ`` to ``schemas.IMAGES``."""

    def read(row: dict[str, Any]) -> dict[str, Any]:
        file = read_within(row["path"], row["size"], parameters, call)._asdict()
        content = file.pop("content")
        return row | file | {"bytes": content if row["size"] <= parameters.stored_bytes else None}

    with caller_for_task() as call:
        yield from in_batches(map(read, rows.to_pylist()), IMAGES)


def in_batches(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows in batches of bounded size."""
    held: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        held.append(row)
        size += len(row.get("bytes") or b"")
        if size >= _BATCH_BYTES or len(held) >= _BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(held, schema)
            held, size = [], 0
    if held:
        yield pa.RecordBatch.from_pylist(held, schema)
