"""Runs tasks on Spark's workers: rows of tasks in, Parquet files of a table out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fruits_kedro.cluster.session import get_spark
from fruits_kedro.storage.manifest import StoredFile, new_token, table_file_name
from fruits_kedro.storage.tables import write_rows

Work = Callable[[pa.Table], Iterable[pa.RecordBatch]]
"""Function that a worker calls with the rows of one task."""


@dataclass(frozen=True)
class WorkerRows:
    """Rows of a table that Spark's workers compute and write when a dataset saves them.

    Each task gives one file, so rows come in the order of the tasks on any number of workers. The
    worker that computes rows also writes them: sent through the JVM as a DataFrame, 12,288 rows of
    features took 11 s longer.

    Attributes:
        tasks: Rows of each task; a worker receives only its own.
        work: Runs in a Python worker; its large values should be broadcast variables.
    """

    tasks: Sequence[pa.Table]
    work: Work

    def write(self, folder: str, version: int, schema: pa.Schema) -> list[StoredFile]:
        """Write one Parquet file per task that gives rows.

        Args:
            folder: The table's folder.
            version: Of the manifest that will name the files.
            schema: Columns to write.

        Returns:
            The files of successful attempts, in the order of tasks. A failed attempt may leave a
            file that no manifest names.
        """
        token, work = new_token(), self.work

        def write_task(task: tuple[int, bytes]) -> StoredFile | None:
            from pyspark import TaskContext

            context = TaskContext.get()
            attempt = context.attemptNumber() if context else 0
            name = table_file_name(version, task[0], f"{token}{attempt % 256:02x}")
            rows = pa.ipc.open_stream(task[1]).read_all()
            return write_rows(folder, name, schema, work(rows))

        if not self.tasks:
            return []
        packed = list(enumerate(map(_packed, self.tasks)))
        tasks = get_spark().sparkContext.parallelize(packed, len(packed))
        return [file for file in tasks.map(write_task).collect() if file is not None]


def cut(rows: pa.Table, size: int) -> list[pa.Table]:
    """Rows in pieces of at most ``size``, in order."""
    return [rows.slice(start, size) for start in range(0, rows.num_rows, size)]


def broadcast(value: Any) -> Any:
    """A broadcast variable: every executor receives the value once."""
    return get_spark().sparkContext.broadcast(value)


def cores() -> int:
    """Number of tasks that run at the same time."""
    return max(1, int(get_spark().sparkContext.defaultParallelism))


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
