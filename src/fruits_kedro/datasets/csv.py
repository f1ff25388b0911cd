"""CSV files that are safe to open in a spreadsheet, rendered while they are written.

A spreadsheet evaluates a cell that starts like a formula, so such text gets an apostrophe in the
file. Loading the file removes it.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import CSVDataset
from pyarrow import csv

from fruits_kedro import FruitsError
from fruits_kedro.datasets.previews import SHOWN, table_preview, where_saved
from fruits_kedro.datasets.reports import Atomic
from fruits_kedro.storage.files import replace_file
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_STARTS = r"[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - Excel takes the full-width signs as well
NEUTRALISE = rf"^('*{_STARTS})", r"'\1"
"""Pattern and substitute: an apostrophe goes before text that starts like a formula, with or
without apostrophes before it."""
RESTORE = rf"^'('*{_STARTS})", r"\1"

_LINES = 1024
"""Rows rendered at once: some megabytes of text."""
_SORTED_ROWS = 50_000
"""Rows sorted at once: 60 MB of 300 components."""
_COLUMNS_SHOWN = 10
"""Columns of a preview: the first few of 300 components are enough."""


@dataclass(frozen=True)
class CsvRows:
    """A stored table as CSV in the order of ``path``, rendered in bounded memory while written.

    Iterating gives chunks of whole lines. Not an iterator: Kedro would save its items separately.

    Attributes:
        table: Plain columns, one of them ``path``, and ``sha256`` where ``limit`` is given.
        columns: Those to render, or all.
        wide: A column of equally long lists to spread over columns ``<prefix>1`` … ``<prefix>n``.
        prefix: Of the names of those columns.
        rows: Condition for the rows to render, or None for all.
        limit: Most rows to render: those with the smallest ``sha256``, so that every label keeps
            its share. The log says when the limit applies.
    """

    table: Table
    columns: Sequence[str] | None = None
    wide: str | None = None
    prefix: str = ""
    rows: pc.Expression | None = None
    limit: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        table, wide = self.table, self.wide
        rows = pc.scalar(True) if self.rows is None else self.rows
        paths = table.read(["path"], rows)["path"]
        if self.limit is not None and len(paths) > self.limit:
            logger.warning("The CSV has %d of %d rows: its limit binds", self.limit, len(paths))
            rows &= pc.field("sha256") <= table.sample(["sha256"], self.limit, rows)["sha256"][-1]
            paths = table.read(["path"], rows)["path"]
        plain = [name for name in self.columns or table.schema.names if name != wide]
        lists = (batch[0] for batch in table.batches([wide], rows)) if wide else ()
        width = next((len(batch[0]) for batch in lists if len(batch)), 0)
        header = [*plain, *(f"{self.prefix}{number + 1}" for number in range(width))]
        yield (",".join(f'"{name}"' for name in header) + "\n").encode()
        paths = paths.take(pc.sort_indices(paths))
        columns = [*dict.fromkeys([*plain, "path"]), *([wide] if wide else [])]
        for start in range(0, len(paths), _SORTED_ROWS):
            last = paths.slice(start, _SORTED_ROWS)[-1]
            between = (pc.field("path") >= paths[start]) & (pc.field("path") <= last)
            part = table.read(columns, rows & between).sort_by("path")
            for batch in part.to_batches(max_chunksize=_LINES):
                yield _lines(batch, plain, wide)


class CsvDataset(Atomic, CSVDataset):
    """``pandas.CSVDataset``, written atomically, safe for spreadsheets, of any size.

    Saves a pandas DataFrame without its index, or the chunks of ``CsvRows`` one by one, so that the
    driver never holds a large table. Loads as a DataFrame; an empty cell is null.

    Args:
        text: Columns that always load as text: a label may be called "nan", "007" or "=1+1". Names
            that the file does not have are ignored.
        missing_ok: Load no rows if nothing was saved yet, instead of failing.
    """

    def __init__(
        self,
        *,
        filepath: str,
        text: list[str],
        missing_ok: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        types = dict.fromkeys(text, str)
        as_text = {"dtype": types, "keep_default_na": False, "na_values": [""]}
        super().__init__(filepath=filepath, load_args=as_text, metadata=metadata)
        self._text = tuple(text)
        self.missing_ok = missing_ok

    def encode(self, data: pd.DataFrame) -> bytes:
        """A small table as CSV, as UTF-8."""
        return replaced(data, self._text, NEUTRALISE).to_csv(index=False).encode()

    def save(self, data: pd.DataFrame | Iterable[bytes]) -> None:
        """Replace the file; a DataFrame with equal content leaves it as it is."""
        if isinstance(data, pd.DataFrame):
            super().save(data)
        else:
            replace_file(self.uri, data)

    def load(self) -> pd.DataFrame:
        """The table as it was saved. Raises FruitsError if there is none."""
        if self.exists():
            return replaced(super().load(), self._text, RESTORE)
        if self.missing_ok:
            return pd.DataFrame(columns=list(self._text))
        raise FruitsError(f"There is no {self.uri} yet: run kedro run first.")

    @where_saved
    def preview(self, nrows: int = SHOWN) -> TablePreview:
        """The first rows and columns for Kedro-Viz."""
        first = self._copy()
        first._load_args["nrows"] = nrows
        head = first.load().iloc[:, :_COLUMNS_SHOWN]
        rows = head.astype(object).where(head.notna(), None).to_dict(orient="records")
        return table_preview(list(head.columns), rows)


def replaced(table: pd.DataFrame, names: Sequence[str], how: tuple[str, str]) -> pd.DataFrame:
    """A table with ``NEUTRALISE`` or ``RESTORE`` applied to those of the named columns it has."""
    text = [name for name in names if name in table.columns]
    return table.assign(**{name: table[name].str.replace(*how, regex=True) for name in text})


def _lines(batch: pa.RecordBatch, names: Sequence[str], wide: str | None) -> bytes:
    columns = [batch.column(name) for name in names]
    columns = [
        pc.replace_substring_regex(column, *NEUTRALISE)
        if pa.types.is_string(column.type)
        else column
        for column in columns
    ]
    if wide:
        values = batch.column(wide).flatten().to_numpy(zero_copy_only=False)
        columns += [pa.array(one.copy()) for one in values.reshape(batch.num_rows, -1).T]
    table = pa.table(columns, [str(place) for place in range(len(columns))])
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    return sink.getvalue().to_pybytes()
