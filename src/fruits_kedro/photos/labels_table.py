"""A table of labels beside the photographs, for folders that do not name them."""

import csv
import os
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from fruits_kedro import FruitsError
from fruits_kedro.photos.folders import OUTSIDE
from fruits_kedro.photos.labels import clean_label, split_of
from fruits_kedro.storage.files import read_bytes

COLUMNS = {
    "path": ("path", "file", "filename", "filepath", "image", "image_path", "image_name"),
    "label": ("label", "class", "class_name", "category"),
    "split": ("split", "set", "subset"),
    "capture": ("capture", "group", "session"),
}
"""Names that a column may have, without regard to case, spaces and ``_``."""


@dataclass(frozen=True)
class Matched:
    """The rows of a table laid beside the listed files.

    Attributes:
        columns: label, split and capture per file, null where the table does not say; ``split``
            is ``outside`` for a value that names no split.
        disputed: Files that the table gives two labels.
        has_split, has_capture: Whether the table has the column.
        missing: Files without a row.
        superfluous: Paths of the table without a file.
        unknown_splits: Values of ``split`` that name none.
        rows: Rows of the table.
    """

    columns: pa.Table
    disputed: pa.Array
    has_split: bool
    has_capture: bool
    missing: list[str]
    superfluous: list[str]
    unknown_splits: list[str]
    rows: int


def read_labels_table(uri: str) -> pa.Table:
    """Read a CSV file with a header; ``,``, ``;`` or a tab separates its columns.

    Returns:
        Text columns path and label, and where the file has them split and capture.

    Raises:
        FruitsError: If the file cannot be read, or lacks a column for path or label.
    """
    try:
        content = read_bytes(os.path.expanduser(uri))
        first = content.split(b"\n", 1)[0].decode("utf-8-sig")
        delimiter = max(",;\t", key=first.count)
        names = next(csv.reader([first.strip("\r")], delimiter=delimiter), [])
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (OSError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise FruitsError(
            f"The table of labels {uri} cannot be read ({reason}): save it as CSV in UTF-8."
        ) from error
    return _known_columns(table, uri)


def match(table: pa.Table, files: pa.Table) -> Matched:
    """Lay a table of labels beside the listed files.

    A row names a file by its path below the image folder, or by its whole path; file names alone
    serve where every one of them is unique.

    Args:
        table: As ``read_labels_table`` returns it.
        files: ``LISTING_SCHEMA``, with paths below the folder of the table.
    """
    named = _slashes(table.column("path"))
    keys = _keys(named, files)
    labels = [clean_label(label) for label in table.column("label").to_pylist()]
    rows = pa.table({"key": named, "label": pa.array(labels, pa.string())})
    for name in ("split", "capture"):
        if name in table.column_names:
            rows = rows.append_column(name, table.column(name))
    disputed = _disputed(rows)
    found = pc.index_in(keys, value_set=rows.column("key").combine_chunks())
    unknown, splits = _splits(rows)
    columns = {
        "label": rows.column("label"),
        "split": splits,
        "capture": _none_if_empty(rows, "capture"),
    }
    return Matched(
        columns=pa.table({name: values.take(found) for name, values in columns.items()}),
        disputed=pc.is_in(keys, value_set=disputed),
        has_split="split" in rows.column_names,
        has_capture="capture" in rows.column_names,
        missing=files.column("relative_path").filter(found.is_null()).to_pylist(),
        superfluous=named.filter(pc.invert(pc.is_in(named, value_set=keys))).to_pylist(),
        unknown_splits=unknown,
        rows=rows.num_rows,
    )


def _known_columns(table: pa.Table, uri: str) -> pa.Table:
    present = {
        name.casefold().replace(" ", "").replace("_", ""): name for name in table.schema.names
    }
    found = {
        column: next((present[n] for n in _bare(names) if n in present), None)
        for column, names in COLUMNS.items()
    }
    if found["path"] is None or found["label"] is None:
        raise FruitsError(
            f"The table of labels {uri} has the columns {', '.join(table.schema.names)}: it needs "
            "a header with path and label, and may have split and capture."
        )
    return pa.table({column: table.column(name) for column, name in found.items() if name})


def _bare(names: tuple[str, ...]) -> list[str]:
    return [name.replace("_", "") for name in names]


def _slashes(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    plain = pc.replace_substring(pc.utf8_trim_whitespace(paths), "\\", "/")
    return pc.replace_substring_regex(plain, r"^(\./)+", "")


def _keys(named: pa.ChunkedArray, files: pa.Table) -> pa.Array:
    """The column of the files that most rows of the table name, as the table writes it."""
    relative = files.column("relative_path").combine_chunks()
    names = pc.replace_substring_regex(relative, r"(?s)^.*/", "")
    choices = [relative, files.column("path").combine_chunks()]
    if len(names.unique()) == len(names):
        choices.append(names)
    return max(choices, key=lambda keys: pc.sum(pc.is_in(named, value_set=keys)).as_py() or 0)


def _disputed(rows: pa.Table) -> pa.Array:
    labels = rows.group_by("key").aggregate([("label", "count_distinct")])
    more = pc.greater(labels.column("label_count_distinct"), 1)
    return labels.column("key").filter(more).combine_chunks()


def _splits(rows: pa.Table) -> tuple[list[str], pa.ChunkedArray]:
    if "split" not in rows.column_names:
        return [], pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    encoded = rows.column("split").combine_chunks().dictionary_encode()
    said = encoded.dictionary.to_pylist()
    splits = [(split_of(name) or OUTSIDE) if name.strip() else None for name in said]
    unknown = [name for name, split in zip(said, splits, strict=True) if split == OUTSIDE]
    return unknown, pa.chunked_array([pa.array(splits, pa.string()).take(encoded.indices)])


def _none_if_empty(rows: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in rows.column_names:
        return pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    return pc.if_else(
        pc.equal(rows.column(name), ""), pa.scalar(None, pa.string()), rows.column(name)
    )
