"""A Spark table kept as Parquet snapshots."""

import hashlib
import logging
from collections.abc import Sequence
from typing import Any, Literal

from kedro_datasets._typing import TablePreview

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import get_spark
from fruits_kedro.datasets.arrow_parquet import columns_of, render_parquet
from fruits_kedro.datasets.previews import SHOWN, table_preview
from fruits_kedro.datasets.snapshots import SnapshotDataset
from fruits_kedro.storage import schemas
from fruits_kedro.storage.files import as_pattern, filesystem, join, spark_uri
from fruits_kedro.storage.heavy_types import ArrowTable, DataFrame, Table
from fruits_kedro.storage.snapshots import Part, Snapshot, SnapshotFolder
from fruits_kedro.storage.stored_rows import remember_parts

logger = logging.getLogger(__name__)

_EVERY_ROW = dict.fromkeys(
    ("parquet.page.size.row.check.min", "parquet.page.size.row.check.max"), "1"
)
"""Parquet's writer looks at what it holds in memory after 100 rows, or 10,000: of photographs that
is gigabytes."""

_FILES = "files"
_HASHES = "hashes"


class SnapshotParquetDataset(SnapshotDataset[Table, DataFrame]):
    """Loads the newest snapshot of a table, saves a new one; a reader never sees half a table.

    Plain Parquet in immutable part folders, named by a pointer that is written last (see
    ``storage.snapshots``): any tool can read the parts, and nothing but Spark is needed to write
    them. Delta and Iceberg do more, and need jars that must match the cluster's Spark.

    Usage in the catalog::

        features:
          type: fruits_kedro.datasets.SnapshotParquetDataset
          filepath: data/04_feature/features
          table: FEATURES
          mode: add

    Args:
        filepath: The dataset's folder, local or ``s3://``.
        table: Name of the columns in ``fruits_kedro.storage.schemas``.
        mode: ``replace``: a save is the whole table. ``add``: a save adds rows. ``read``: no saves.
        keep: Snapshots that stay, the newest included.
        missing_ok: Load an empty table where nothing was saved yet, instead of failing.
        refresh: Load an empty table, and let the first save of a run replace instead of add.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self,
        *,
        filepath: str,
        table: str,
        mode: Literal["replace", "add", "read"] = "replace",
        keep: int = 2,
        missing_ok: bool = False,
        refresh: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = filepath
        self._table = table
        self._schema: str = getattr(schemas, table)
        self._mode = mode
        self.missing_ok = missing_ok
        self._refresh = refresh
        self._folder = SnapshotFolder(filepath, keep)
        self.metadata = metadata

    def load(self) -> DataFrame:
        """The table of the newest snapshot, lazily.

        Raises:
            FruitsError: Where nothing was saved yet and ``missing_ok`` is not set.
        """
        snapshot = self._folder.current()
        forgotten = self._refresh and self._mode == "read"
        if forgotten or (snapshot is None and self.missing_ok):
            return self._empty()
        if snapshot is None:
            raise FruitsError(
                f"There is nothing at {self._filepath} yet: run the pipelines that make it first "
                "(kedro run runs all of them)."
            )
        logger.debug("Reading %s: snapshot %s, %d rows", self._name, snapshot.id, snapshot.rows)
        return self._read(snapshot)

    def save(self, data: Table) -> None:
        """Write ``data`` as a new part and make it (part of) the newest snapshot.

        Args:
            data: Of Spark, or of Arrow where it is on the driver anyway.
        """
        import pyarrow as pa

        if self._mode == "read":
            raise FruitsError(f"The catalog opens {self._name} for reading only.")
        part = self._write_arrow(data) if isinstance(data, pa.Table) else self._write(data)
        current = self._folder.current()
        if self._mode == "replace" and current and _content(current.parts) == _content([part]):
            self._folder.prune()
            logger.info("Kept %s as it was: %d rows", self._name, current.rows)
            return
        if self._mode == "add" and not self._refresh:
            snapshot = self._folder.add(part)
        else:
            snapshot = self._folder.replace(part)
            self._refresh = False
        logger.info("Wrote %s: %d new rows of %d", self._name, part.rows, snapshot.rows)

    def compact(self, data: DataFrame) -> int:
        """Make ``data`` the whole table, forget every earlier snapshot, and say what that freed.

        Args:
            data: The rows to keep, usually read from this very table.

        Returns:
            Bytes freed; negative where one part is bigger than the many it replaces.
        """
        before = self._folder.size()
        self._folder.replace(self._write(data))
        self._folder.prune(keep=1)
        return before - self._folder.size()

    def preview(self, nrows: int = SHOWN) -> TablePreview:
        """The first rows for Kedro-Viz, by pyarrow: no JVM, no binary columns."""
        import pyarrow.dataset as pads

        snapshot = self._folder.current()
        parts = snapshot.parts if snapshot else ()
        columns = [name for name, kind in columns_of(self._schema) if kind != "binary"]
        for part in parts:
            fs, path = filesystem(self._folder.part_uri(part))
            table = pads.dataset(path, filesystem=fs, format="parquet").head(nrows, columns=columns)
            if table.num_rows:
                return table_preview(columns, table.to_pylist())
        return table_preview(columns, [])

    def _read(self, snapshot: Snapshot) -> DataFrame:
        for part in snapshot.parts:
            self._verify(part)
        spark = get_spark()
        uris = [self._folder.part_uri(part) for part in snapshot.parts if part.rows]
        if not uris:
            return self._empty()
        patterns = [as_pattern(spark_uri(uri)) for uri in uris]
        table = spark.read.schema(self._schema).parquet(*patterns)
        return remember_parts(table, uris)

    def _empty(self) -> DataFrame:
        # Of an empty Python list Spark makes a job with Python workers, of an expression none.
        row = ", ".join(f"cast(null as {kind}) {name}" for name, kind in columns_of(self._schema))
        return get_spark().sql(f"select {row} where false")

    def _write(self, data: DataFrame) -> Part:
        from pyspark.sql import Observation
        from pyspark.sql import functions as F

        name = self._folder.new_part_name()
        columns = [F.col(column).cast(kind) for column, kind in columns_of(self._schema)]
        observed = Observation()
        # A sum does not depend on the order of rows.
        hashes = F.sum(F.xxhash64(*(c for c, _ in columns_of(self._schema))).cast("decimal(38,0)"))
        rows = data.select(*columns).observe(
            observed, F.count(F.lit(1)).alias("rows"), hashes.alias("hashes")
        )
        rows.write.options(**_EVERY_ROW).parquet(spark_uri(self._folder.part_uri(name)))
        notes = {_FILES: self._folder.files(name), _HASHES: str(observed.get["hashes"])}
        return Part(name, int(observed.get["rows"]), notes)

    def _write_arrow(self, data: ArrowTable) -> Part:
        name = self._folder.new_part_name()
        content = render_parquet(data, self._schema)
        fs, path = filesystem(join(self._folder.part_uri(name), "rows.parquet"))
        fs.pipe_file(path, content)
        hashes = hashlib.sha256(content).hexdigest()
        return Part(name, data.num_rows, {_FILES: self._folder.files(name), _HASHES: hashes})

    def _verify(self, part: Part) -> None:
        found = self._folder.files(part)
        for name, size in part.notes[_FILES].items():
            if found.get(name) != size:
                state = "is missing" if name not in found else f"has {found[name]} bytes"
                raise FruitsError(
                    f"{self._folder.part_uri(part)}/{name} {state}, and {size} were written: the "
                    f"storage is damaged; restore the file, or remove {self._filepath} and run "
                    "again."
                )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "table": self._table, "mode": self._mode}

    @property
    def _name(self) -> str:
        return self._filepath.rstrip("/").rsplit("/", 1)[-1]


def _content(parts: Sequence[Part]) -> list[tuple[int, str | None]]:
    return [(part.rows, part.notes.get(_HASHES)) for part in parts]
