"""Small files that people and tools read: Kedro's datasets, written in one piece.

Kedro's own write into the file in place, so that a reader, or the next run after a killed one, can
meet half of it. A file whose content would be the same is left alone, which is how later nodes know
that nothing changed.
"""

import base64
import json
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview, JSONPreview, PlotlyPreview, TablePreview
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.text import TextDataset

from fruits_kedro.datasets.previews import SHOWN, json_preview, where_saved
from fruits_kedro.datasets.spreadsheets import neutralise_columns, restore_columns
from fruits_kedro.storage.files import filesystem, read_bytes, replace_file
from fruits_kedro.storage.heavy_types import Figure
from fruits_kedro.storage.s3 import client_options


class _WholeFile:
    """Where the file is, for datasets that keep protocol and path apart."""

    _protocol: str
    _filepath: Any

    @property
    def uri(self) -> str:
        """The file's path or URI."""
        path = str(self._filepath)
        return path if self._protocol in ("file", "local") else f"{self._protocol}://{path}"

    def _replace(self, content: bytes, media_type: str | None = None) -> None:
        try:
            unchanged = read_bytes(self.uri) == content
        except FileNotFoundError:
            unchanged = False
        if not unchanged:
            replace_file(self.uri, content, media_type)


class JsonReportDataset(_WholeFile, JSONDataset):
    """``json.JSONDataset``, written in one piece.

    Usage in the catalog::

        metrics:
          type: fruits_kedro.datasets.JsonReportDataset
          filepath: data/08_reporting/metrics.json

    Args:
        filepath: The file, local or ``s3://``.
        missing_ok: Load an empty dictionary where nothing was saved yet, instead of failing.
        volatile: Changes in every run, and is no reason to run a node again.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self,
        *,
        filepath: str,
        missing_ok: bool = False,
        volatile: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath=filepath, fs_args=client_options(filepath), metadata=metadata)
        self.missing_ok = missing_ok
        self.volatile = volatile

    def load(self) -> Any:
        """The content as it was saved."""
        return {} if self.missing_ok and not self.exists() else super().load()

    def save(self, data: Any) -> None:
        """Write ``data`` as JSON; NaN, which is none, is refused."""
        self._replace(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode())

    @where_saved
    def preview(self) -> JSONPreview:
        """The report for Kedro-Viz, without the tails of long lists."""
        return json_preview(self.load())


class JpegReportDataset(_WholeFile, AbstractDataset[bytes, bytes]):
    """A picture as the bytes of a JPEG file.

    Usage in the catalog::

        augmentation_examples:
          type: fruits_kedro.datasets.JpegReportDataset
          filepath: data/08_reporting/augmentation_examples.jpg

    Args:
        filepath: The file, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._uri = filepath
        self.metadata = metadata

    @property
    def uri(self) -> str:
        """The file's path or URI."""
        return self._uri

    def load(self) -> bytes:
        """The file's content."""
        return read_bytes(self.uri)

    def save(self, data: bytes) -> None:
        """Write the file."""
        self._replace(data, "image/jpeg")

    @where_saved
    def preview(self) -> ImagePreview:
        """The picture as Kedro-Viz shows it."""
        return ImagePreview(base64.b64encode(self.load()).decode())

    def _exists(self) -> bool:
        fs, path = filesystem(self.uri)
        return bool(fs.exists(path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._uri}


class PlotlyReportDataset(_WholeFile, JSONDataset):
    """``plotly.JSONDataset``, written in one piece; Kedro-Viz draws it.

    Not derived from it: its annotations import Plotly's notebook widgets, which took half of the
    time of a run that had nothing to do.

    Usage in the catalog::

        scree_plot:
          type: fruits_kedro.datasets.PlotlyReportDataset
          filepath: data/08_reporting/scree_plot.json
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, fs_args=client_options(filepath), metadata=metadata)

    def load(self) -> Figure:
        """The figure as it was saved."""
        import plotly.io

        return plotly.io.from_json(read_bytes(self.uri).decode())

    def save(self, data: Figure) -> None:
        """Write a figure as JSON."""
        self._replace(data.to_json().encode())

    @where_saved
    def preview(self) -> PlotlyPreview:
        """The figure as Kedro-Viz draws it."""
        return PlotlyPreview(super().load())


class CsvReportDataset(_WholeFile, CSVDataset):
    """``pandas.CSVDataset``, written in one piece, without the index.

    Text columns are named, because a label may be called "nan" or "007", or like a formula, which
    is neutralised in the file and comes back as it was.

    Usage in the catalog::

        confusions:
          type: fruits_kedro.datasets.CsvReportDataset
          filepath: data/08_reporting/confusions.csv
          text: [label, prediction]

    Args:
        filepath: The file, local or ``s3://``.
        text: Columns that load as text, whatever they look like.
        missing_ok: Load no rows where nothing was saved yet, instead of failing.
        metadata: For Kedro plugins, not read here.
    """

    def __init__(
        self,
        *,
        filepath: str,
        text: list[str],
        missing_ok: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        as_text = {"dtype": dict.fromkeys(text, str), "keep_default_na": False}
        self._text = tuple(text)
        self.missing_ok = missing_ok
        super().__init__(
            filepath=filepath,
            load_args=as_text,
            fs_args=client_options(filepath),
            metadata=metadata,
        )

    def load(self) -> pd.DataFrame:
        """The table as it was saved."""
        if self.missing_ok and not self.exists():
            return pd.DataFrame(columns=list(self._text))
        table: pd.DataFrame = restore_columns(super().load(), self._text)
        return table

    def save(self, data: pd.DataFrame) -> None:
        """Write a small table as CSV."""
        self._replace(neutralise_columns(data, self._text).to_csv(index=False).encode())

    @where_saved
    def preview(self, nrows: int = SHOWN) -> TablePreview:
        """The first rows for Kedro-Viz."""
        return super().preview(nrows)


class PageReportDataset(_WholeFile, TextDataset):
    """``text.TextDataset``, written in one piece: a page for people.

    Usage in the catalog::

        report:
          type: fruits_kedro.datasets.PageReportDataset
          filepath: data/08_reporting/report.html
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, fs_args=client_options(filepath), metadata=metadata)

    def save(self, data: str) -> None:
        """Write the page as UTF-8."""
        self._replace(data.encode(), "text/html; charset=utf-8")
