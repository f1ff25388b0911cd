"""Runs tasks on Spark's workers as one ``mapInArrow``: a list of tasks in, rows out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from fruits_kedro.cluster.session import get_spark
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.manifest import StoredFile, new_token, table_file_name
from fruits_kedro.storage.tables import write_rows

Work = Callable[[pa.Table], Iterable[pa.RecordBatch]]
"""Function that a worker calls with the rows of one task."""

_WRITTEN = pa.schema(
    {"name": pa.string(), "rows": pa.int64(), "size": pa.int64(), "sha256": pa.string()}
)

_DDL = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.binary(): "binary",
    pa.list_(pa.float32()): "array<float>",
}


def on_workers(tasks: Sequence[pa.Table], work: Work, schema: pa.Schema) -> DataFrame:
    """Call ``work`` for the rows of each task on the workers, lazily; it returns ``schema``.

    Each task is one partition, so rows come in the order of the tasks on any number of workers.
    Tasks are sent with the function: keep them small, and broadcast large values.
    """
    packed = [_packed(task) for task in tasks]

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from work(pa.ipc.open_stream(packed[number]).read_all())

    numbers = get_spark().range(0, len(packed), 1, max(len(packed), 1))
    return numbers.mapInArrow(run, ddl_of(schema))


def write_on_workers(
    data: DataFrame, folder: str, version: int, schema: pa.Schema
) -> list[StoredFile]:
    """Write the rows of a DataFrame as Parquet files, one per non-empty partition.

    Returns the files of successful attempts, in the order of partitions. A failed attempt may leave
    a file that the manifest, of ``version``, does not name.
    """
    token = new_token()

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        part, attempt = (context.partitionId(), context.attemptNumber()) if context else (0, 0)
        name = table_file_name(version, part, f"{token}{attempt % 256:02x}")
        file = write_rows(folder, name, schema, batches)
        if file is not None:
            yield pa.RecordBatch.from_pylist([asdict(file)], _WRITTEN)

    written = data.mapInArrow(write, ddl_of(_WRITTEN)).toArrow()
    return [StoredFile(**row) for row in written.sort_by("name").to_pylist()]


def cut(rows: pa.Table, size: int) -> list[pa.Table]:
    """Rows in pieces of at most ``size``, in order."""
    return [rows.slice(start, size) for start in range(0, rows.num_rows, size)]


def broadcast(value: Any) -> Any:
    """A broadcast variable: every executor receives the value once."""
    return get_spark().sparkContext.broadcast(value)


def cores() -> int:
    """Number of tasks that run at the same time."""
    return max(1, int(get_spark().sparkContext.defaultParallelism))


def ddl_of(schema: pa.Schema) -> str:
    """The schema in Spark's DDL syntax."""
    return ", ".join(f"`{field.name}` {_DDL[field.type]}" for field in schema)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
