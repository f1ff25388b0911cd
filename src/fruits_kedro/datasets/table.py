"""A table of the catalog: a folder of Parquet that any tool reads."""

import logging
from itertools import chain, islice
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import SHOWN, table_preview
from fruits_kedro.storage import schemas
from fruits_kedro.storage.manifest import Folder, Manifest, StoredFile
from fruits_kedro.storage.tables import Table, write_table

logger = logging.getLogger(__name__)

_SMALL_BYTES, _SMALL_FILES = 32 << 20, 64
"""Size below which a file counts as small, and most small files before they are merged."""


class TableDataset(AbstractDataset[Any, Table]):
    """A table in a folder of Parquet files, local or ``s3://``; a load never sees half a save.

    After a run the folder holds the files of the newest version and nothing else, so
    ``pandas.read_parquet(folder)``, Polars, DuckDB and Spark read exactly its rows.

    Args:
        table: Name of the columns in ``fruits_kedro.storage.schemas``.
        mode: ``replace``: a save is the whole table. ``add``: a save adds rows. ``read``: no saves.
        missing_ok: Load an empty table if nothing was saved yet, instead of failing.
        refresh: Load an empty table, and let the first save of a run replace instead of add.
    """

    def __init__(
        self,
        *,
        filepath: str,
        table: str,
        mode: Literal["replace", "add", "read"] = "replace",
        missing_ok: bool = False,
        refresh: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = filepath
        self._table = table
        self._schema: pa.Schema = getattr(schemas, table)
        self._mode = mode
        self.missing_ok = missing_ok
        self._refresh = refresh
        self._folder = Folder(filepath)
        self.metadata = metadata

    def load(self) -> Table:
        """The newest version; its rows are read on demand.

        Raises:
            FruitsError: If there is none and ``missing_ok`` is false, or a file is damaged.
        """
        if self._refresh and self._mode == "read":
            return Table(self._folder.uri, self._schema)
        manifest = self._folder.verified()
        if manifest is None and not self.missing_ok:
            raise FruitsError(
                f"There is nothing at {self._filepath} yet: run the pipelines that make it first "
                "(kedro run runs all of them)."
            )
        return self._of(manifest)

    def save(self, data: Any) -> None:
        """Write a ``pyarrow.Table``, or ``cluster.tasks.WorkerRows``, as the newest version."""
        if self._mode == "read":
            raise FruitsError(f"The catalog opens {self._name} for reading only.")
        adds = self._mode == "add" and not self._refresh
        current = self._folder.current() if adds else None
        earlier = current.files if current else ()
        files = self._write(data)
        if adds and not files and current is not None:
            return
        manifest = self._folder.commit(self._merged((*earlier, *files)))
        self._refresh = False
        logger.info(
            "Wrote %s: %d new rows of %d", self._name, sum(f.rows for f in files), manifest.rows
        )

    def keep_only(self, condition: pc.Expression) -> tuple[int, int]:
        """Remove the rows that do not meet a condition. Returns rows removed and bytes freed."""
        before, version = self.load(), self._folder.next_version()
        files: list[StoredFile] = []
        for file in before.files:
            part = Table(before.uri, before.schema, (file,))
            kept = sum(b.num_rows for b in part.batches([self._schema.names[0]], condition))
            if kept == file.rows:
                files.append(file)
            elif kept:
                files += write_table(
                    before.uri, version, part.batches(filter=condition), self._schema
                )
        self._folder.commit(files)
        after = Table(before.uri, before.schema, tuple(files))
        return before.rows - after.rows, before.nbytes - after.nbytes

    def preview(self, nrows: int = SHOWN) -> TablePreview:
        """The first rows for Kedro-Viz, without binary columns."""
        names = [field.name for field in self._schema if field.type != pa.binary()]
        batches = self._of(self._folder.current()).batches(names)
        rows = chain.from_iterable(batch.slice(0, nrows).to_pylist() for batch in batches)
        return table_preview(names, islice(rows, nrows))

    def tidy(self) -> None:
        """Remove files that a killed save left behind."""
        self._folder.tidy()

    def snapshot_id(self) -> str | None:
        """Changes with the content; None if nothing was saved or a file is not whole."""
        manifest = self._folder.current()
        return manifest.id if manifest and self._folder.is_whole(manifest) else None

    def _write(self, data: Any) -> list[StoredFile]:
        version = self._folder.next_version()
        if isinstance(data, pa.Table):
            return write_table(self._folder.uri, version, data, self._schema)
        files: list[StoredFile] = data.write(self._folder.uri, version, self._schema)
        return files

    def _merged(self, files: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
        """Merge many small files into one, so that manifest and listing stay small."""
        small = tuple(file for file in files if file.size < _SMALL_BYTES)
        if self._mode != "add" or len(small) <= _SMALL_FILES:
            return files
        rows = Table(self._folder.uri, self._schema, small).batches()
        merged = write_table(self._folder.uri, self._folder.next_version(), rows, self._schema)
        return (*(file for file in files if file not in small), *merged)

    def _of(self, manifest: Manifest | None) -> Table:
        return Table(self._folder.uri, self._schema, manifest.files if manifest else ())

    def _exists(self) -> bool:
        return self._folder.current() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "table": self._table, "mode": self._mode}

    @property
    def _name(self) -> str:
        return self._filepath.rstrip("/").rsplit("/", 1)[-1]
