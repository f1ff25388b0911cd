"""A CSV file written from a table of any size."""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import SHOWN, table_preview, where_saved
from fruits_kedro.datasets.spreadsheets import restore_columns
from fruits_kedro.storage.files import filesystem, is_local
from fruits_kedro.storage.schemas import FACTS, names_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CsvText:
    """A CSV that is rendered while it is written.

    Attributes:
        header: The first line, with its end.
        chunks: Whole lines, UTF-8, in the order of the file.
    """

    header: bytes
    chunks: Iterable[bytes]


class StreamedCsvDataset(AbstractDataset[CsvText, Any]):
    """One CSV file, written chunk by chunk: the driver never holds the table.

    Loads as a pandas DataFrame. The file appears when it is complete: renamed into place on a
    local disk, a finished upload on an object store.

    Usage in the catalog::

        reduced_features_csv:
          type: fruits_kedro.datasets.StreamedCsvDataset
          filepath: data/05_model_input/reduced_features.csv

    Args:
        filepath: The file, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    @property
    def uri(self) -> str:
        """The file's path or URI."""
        return self._filepath

    def load(self) -> Any:
        """The whole file as a pandas DataFrame."""
        return self._read()

    @where_saved
    def preview(self, nrows: int = SHOWN) -> TablePreview:
        """The first rows and columns, for Kedro-Viz."""
        head = self._read(nrows).iloc[:, :_COLUMNS_SHOWN]
        rows = head.astype(object).where(head.notna(), None).to_dict(orient="records")
        return table_preview(list(head.columns), rows)

    def _read(self, nrows: int | None = None) -> Any:
        import pandas as pd

        if not self._exists():
            raise FruitsError(f"There is no {self._filepath} yet: run kedro run first.")
        fs, path = filesystem(self._filepath)
        with fs.open(path, "rb") as file:
            # A label may be called "nan" or "007": text stays the text it is.
            table = pd.read_csv(
                file,
                dtype=dict.fromkeys(_TEXT, str),
                keep_default_na=False,
                na_values=[""],
                nrows=nrows,
            )
        return restore_columns(table, _TEXT)

    def save(self, data: CsvText) -> None:
        """Write the file."""
        fs, path = filesystem(self._filepath)
        if not is_local(self._filepath):
            # Without the transaction an error would finish the upload of what there is.
            with fs.transaction, fs.open(path, "wb") as file:
                _write(file, data)
            return
        unfinished = Path(path).with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            with fs.open(str(unfinished), "wb") as file:
                _write(file, data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _exists(self) -> bool:
        fs, path = filesystem(self._filepath)
        return bool(fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


_COLUMNS_SHOWN = 10
"""Of a table of 300 components the first few say what it is."""

_TEXT = ("path", "label", "split", "prediction", "second", "third", "reason", *names_of(FACTS))


def _write(file: IO[bytes], csv: CsvText) -> None:
    file.write(csv.header)
    for lines in csv.chunks:
        file.write(lines)
