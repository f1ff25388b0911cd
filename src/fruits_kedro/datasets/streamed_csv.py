"""A CSV file written from a table of any size."""

import logging
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from fruits_kedro.errors import FruitsError
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.storage.files import filesystem, is_local

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CsvText:
    """A CSV rendered on the workers.

    Attributes:
        header: The first line, with its end.
        chunks: One column ``text`` (whole lines, UTF-8), in the order of the file.
    """

    header: bytes
    chunks: DataFrame


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

    def load(self) -> Any:
        """The whole file as a pandas DataFrame."""
        import pandas as pd

        if not self._exists():
            raise FruitsError(f"There is no {self._filepath} yet: run kedro run first.")
        fs, path = filesystem(self._filepath)
        with fs.open(path, "rb") as file:
            return pd.read_csv(file)

    def save(self, data: CsvText) -> None:
        """Write the file."""
        fs, path = filesystem(self._filepath)
        unfinished = _beside(path) if is_local(self._filepath) else path
        try:
            with fs.open(unfinished, "wb") as file:
                file.write(data.header)
                for text in _in_order(data.chunks):
                    file.write(text)
            if unfinished != path:
                os.replace(unfinished, path)
        finally:
            if unfinished != path:
                Path(unfinished).unlink(missing_ok=True)

    def _exists(self) -> bool:
        fs, path = filesystem(self._filepath)
        return bool(fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def _beside(path: str) -> str:
    return str(Path(path).with_name(f".{uuid.uuid4().hex}.tmp"))


def _in_order(chunks: DataFrame) -> Iterator[bytes]:
    return (bytes(row.text) for row in chunks.toLocalIterator(prefetchPartitions=True))
