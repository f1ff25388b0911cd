"""Tables as folders of Parquet, read and written by pyarrow on the driver and on workers."""

import hashlib
import io
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from fruits_kedro.storage.files import filesystem, is_local, join
from fruits_kedro.storage.manifest import StoredFile, new_token, table_file_name

_GROUP_ROWS = 16384
"""Rows of a row group: 16 MB of 300 float32."""
_GROUP_BYTES = 32 << 20
"""Bytes of a row group: photographs are big rows, and a worker reads whole groups."""
_BATCH_ROWS = 4096
"""Rows streamed at once: 20 MB of 1280 features."""


@dataclass(frozen=True)
class Table:
    """One version of a stored table; rows are read on demand.

    ``files`` are in the order of their rows. ``columns`` of the methods names those to read, all if
    None; ``filter`` is a condition that rows meet.
    """

    uri: str
    schema: pa.Schema
    files: tuple[StoredFile, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows, from the manifest."""
        return sum(file.rows for file in self.files)

    @property
    def nbytes(self) -> int:
        """Bytes of the files."""
        return sum(file.size for file in self.files)

    def read(
        self, columns: Sequence[str] | None = None, filter: pc.Expression | None = None
    ) -> pa.Table:
        """Rows in the driver's memory, in stored order."""
        if not self.files:
            return self.schema.empty_table().select(self._listed(columns))
        return self._dataset().to_table(columns=self._listed(columns), filter=filter)

    def batches(
        self, columns: Sequence[str] | None = None, filter: pc.Expression | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows in batches of at most 4096, in stored order, with bounded memory."""
        if self.files:
            yield from self._dataset().to_batches(
                columns=self._listed(columns),
                filter=filter,
                batch_size=_BATCH_ROWS,
                batch_readahead=2,
                fragment_readahead=1,
            )

    def sample(
        self, columns: Sequence[str], limit: int, filter: pc.Expression | None = None
    ) -> pa.Table:
        """At most ``limit`` rows, those of the smallest ``sha256``, ordered by it.

        It is an even draw, the same in every run.
        """
        wanted = list(dict.fromkeys([*columns, "sha256"]))
        hashes = self.read(["sha256"], filter)["sha256"]
        if len(hashes) > limit:
            last = hashes.take(pc.bottom_k_unstable(hashes, limit)[-1:])[0]
            smaller = pc.field("sha256") <= last
            filter = smaller if filter is None else filter & smaller
        return self.read(wanted, filter).sort_by("sha256").slice(0, limit).select(list(columns))

    def places(self, columns: Sequence[str]) -> pa.Table:
        """Columns of every row with its place: ``file`` (position, int32) and ``row`` (int64)."""
        counts = np.array([file.rows for file in self.files], np.int64)
        files = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        rows = np.arange(len(files)) - np.repeat(counts.cumsum() - counts, counts)
        table = self.read(columns).append_column("file", pa.array(files))
        return table.append_column("row", pa.array(rows))

    @property
    def file_uris(self) -> list[str]:
        """URIs of ``files``; ``file`` of ``places`` counts them."""
        return [join(self.uri, file.name) for file in self.files]

    def to_pandas(self, columns: Sequence[str] | None = None) -> Any:
        """All rows as a pandas DataFrame."""
        return self.read(columns).to_pandas()

    def _dataset(self) -> pads.Dataset:
        fs, root = filesystem(self.uri)
        paths = [f"{root}/{file.name}" for file in self.files]
        # pyarrow's own access to a disk is faster than through fsspec.
        chosen = None if is_local(self.uri) else fs
        return pads.dataset(paths, schema=self.schema, filesystem=chosen, format="parquet")

    def _listed(self, columns: Sequence[str] | None) -> list[str]:
        return list(self.schema.names if columns is None else columns)


def read_places(
    file_uris: Sequence[str], places: pa.Table, columns: Sequence[str]
) -> Iterator[tuple[slice, pa.RecordBatch]]:
    """Some rows of a table, one row group at a time: which of ``places`` they are, and ``columns``.

    ``places`` has ``file`` and ``row`` as ``Table.places`` gives them and is ordered by these.
    """
    files, rows, found = places["file"].to_numpy(), places["row"].to_numpy(), 0
    for number in np.unique(files):
        wanted, first = rows[files == number], 0
        fs, path = filesystem(file_uris[number])
        with fs.open(path, "rb") as opened, pq.ParquetFile(opened) as file:
            for group in range(file.num_row_groups):
                last = first + file.metadata.row_group(group).num_rows
                here = wanted[slice(*np.searchsorted(wanted, [first, last]))] - first
                if len(here):
                    read = file.read_row_group(group, columns=list(columns), use_threads=False)
                    for batch in read.take(pa.array(here)).combine_chunks().to_batches():
                        yield slice(found, found + batch.num_rows), batch
                        found += batch.num_rows
                first = last


def write_rows(
    folder: str, name: str, schema: pa.Schema, rows: Iterable[pa.RecordBatch]
) -> StoredFile | None:
    """Stream the columns of ``schema`` into one Parquet file; equal rows give equal bytes.

    Without rows no file is written and None returned.
    """
    groups = _in_groups(rows, schema)
    first = next(groups, None)
    if first is None:
        return None
    count, uri = 0, join(folder, name)
    fs, path = filesystem(uri)
    with fs.open(path, "wb") as file:
        sink = _HashedFile(file)
        with pq.ParquetWriter(pa.PythonFile(sink, "w"), schema, compression="zstd") as writer:
            for group in itertools.chain([first], groups):
                writer.write_table(group)
                count += group.num_rows
        if is_local(uri):
            file.flush()
            os.fsync(file.fileno())
    return StoredFile(name, count, sink.size, sink.digest.hexdigest())


def write_table(
    folder: str, version: int, rows: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema
) -> list[StoredFile]:
    """Write rows as one file of a manifest's version; without rows there is none."""
    batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
    written = write_rows(folder, table_file_name(version, 0, new_token() + "00"), schema, batches)
    return [written] if written else []


class _HashedFile(io.RawIOBase):
    """Counts and hashes what is written to ``file``, which whoever opened it closes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Whether bytes can be written."""
        return True

    def write(self, content: Any) -> int:
        """Write bytes."""
        view = memoryview(content)
        self._file.write(view)
        self.digest.update(view)
        self.size += view.nbytes
        return view.nbytes


def _in_groups(rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    for batch in rows:
        for start in range(0, batch.num_rows, _GROUP_ROWS):
            part = pa.Table.from_batches([batch.slice(start, _GROUP_ROWS)])
            held.append(part.select(schema.names).cast(schema))
            size = sum(table.get_total_buffer_size() for table in held)
            if size >= _GROUP_BYTES or sum(table.num_rows for table in held) >= _GROUP_ROWS:
                yield pa.concat_tables(held).combine_chunks()
                held = []
    if held:
        yield pa.concat_tables(held).combine_chunks()
