"""Reads ``labels.csv``: labels of photographs whose folders are not named by label."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from fruits_kedro import FruitsError
from fruits_kedro.photos.folders import OUTSIDE, clean_label, split_of
from fruits_kedro.photos.listing import Listing
from fruits_kedro.storage.files import read_bytes

COLUMNS = {
    "path": ("path", "file", "filename", "filepath", "image", "imagepath", "imagename"),
    "label": ("label", "class", "classname", "category"),
    "split": ("split", "set", "subset"),
    "capture": ("capture", "group", "session"),
}
"""Accepted names of columns; case, spaces and ``_`` are ignored."""

_EXAMPLES = 5


@dataclass(frozen=True)
class Matched:
    """The listed files with what the table of labels says about each.

    Attributes:
        columns: label, split and capture per file, null if the table does not say, and
            disputed, true for files with two labels. An unknown split is ``outside``.
        has_split, has_capture: Whether the table has the column.
        facts: Numbers of rows, of files without a row (missing), of rows without a file
            (superfluous) and of disputed files; with examples, and unknown splits.
    """

    columns: dict[str, pa.Array]
    has_split: bool
    has_capture: bool
    facts: dict[str, Any]

    def warnings(self) -> Iterator[str]:
        """What the user should look at."""
        for name, problem in (
            ("missing", "photographs have no row in the table of labels"),
            ("superfluous", "rows of the table of labels name no photograph"),
        ):
            if self.facts[name]:
                examples = ", ".join(self.facts[f"{name}_examples"])
                yield f"{self.facts[name]} {problem}, such as {examples}."
        if self.facts["disputed"]:
            yield (
                f"{self.facts['disputed']} photographs have two labels in the table of labels and "
                "are rejected."
            )
        if self.facts["unknown_splits"]:
            yield (
                f"The table of labels has splits that are none of train, test and validation: "
                f"{', '.join(self.facts['unknown_splits'])}. These photographs neither train nor "
                "test."
            )


def read_labels_table(uri: str) -> pa.Table:
    """Read a CSV file with a header; ``,``, ``;`` or a tab separates its columns.

    Returns:
        Text columns path, label, split and capture; the last two are null if the file has none.

    Raises:
        FruitsError: If the file cannot be read, or lacks a column for path or label.
    """
    try:
        content = read_bytes(os.path.expanduser(uri))
        header = content.split(b"\n", 1)[0].decode("utf-8-sig").strip("\r")
        delimiter = max(",;\t", key=header.count)
        names = next(csv.reader([header], delimiter=delimiter), [])
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
    present = {name.casefold().replace(" ", "").replace("_", ""): name for name in names}
    found = {
        column: next((present[alias] for alias in aliases if alias in present), None)
        for column, aliases in COLUMNS.items()
    }
    if found["path"] is None or found["label"] is None:
        raise FruitsError(
            f"The table of labels {uri} has the columns {', '.join(names)}: it needs a header with "
            "path and label, and may have split and capture."
        )
    nothing = pa.nulls(table.num_rows, pa.string())
    return pa.table({c: table.column(n) if n else nothing for c, n in found.items()})


def match(table: pa.Table, paths: pa.Array, relative: pa.Array) -> Matched:
    """Match a table of labels with files, given their paths, also below the table's folder.

    A row names a file by its path below the folder of the table, or by its whole path; by its name
    alone if all file names are unique.
    """
    named = pc.replace_substring(pc.utf8_trim_whitespace(table.column("path")), "\\", "/")
    named = pc.replace_substring_regex(named, r"^(\./)+", "").combine_chunks()
    keys = _keys(named, paths, relative)
    row = pc.index_in(keys, value_set=named)
    label = pa.array(map(clean_label, table.column("label").to_pylist()), pa.string())
    labels = pa.table({"key": named, "label": label}).group_by("key")
    several = labels.aggregate([("label", "count_distinct")])
    several = several.filter(pc.greater(several.column("label_count_distinct"), 1)).column("key")
    disputed = pc.is_in(keys, value_set=several)
    words = table.column("split").to_pylist()
    splits = [(split_of(word) or OUTSIDE) if word and word.strip() else None for word in words]
    unknown = dict.fromkeys(
        word for word, split in zip(words, splits, strict=True) if split == OUTSIDE
    )
    capture = table.column("capture").combine_chunks()
    capture = pc.if_else(pc.equal(capture, ""), pa.scalar(None, pa.string()), capture)
    columns = {
        "label": label.take(row),
        "split": pa.array(splits, pa.string()).take(row),
        "capture": capture.take(row),
        "disputed": disputed,
    }
    missing = relative.filter(row.is_null())
    superfluous = named.filter(pc.invert(pc.is_in(named, value_set=keys)))
    facts = {
        "rows": table.num_rows,
        "missing": len(missing),
        "superfluous": len(superfluous),
        "disputed": disputed.true_count,
        "missing_examples": missing[:_EXAMPLES].to_pylist(),
        "superfluous_examples": superfluous[:_EXAMPLES].to_pylist(),
        "unknown_splits": list(unknown),
    }
    said = {name for name in ("split", "capture") if table.column(name).null_count < len(table)}
    return Matched(columns, "split" in said, "capture" in said, facts)


def match_table(
    listing: Listing, files: pa.Table, labels_table: str | None
) -> tuple[Matched | None, list[str]]:
    """Match the given table, or a ``labels.csv`` at the top of the folder, with its candidates.

    Returns:
        None if there is no table, or ``labels.csv`` cannot be used; and warnings that say why.

    Raises:
        FruitsError: If the given table cannot be read, or names none of the files.
    """
    paths, relative = (files.column(name).combine_chunks() for name in ("path", "relative_path"))
    if labels_table:
        matched = match(read_labels_table(labels_table), paths, relative)
        if matched.facts["missing"] == files.num_rows:
            raise FruitsError(
                f"No row of the table of labels {labels_table} names a photograph in "
                f"{listing.uri}: write paths below that folder, such as {relative[0]}."
            )
        return matched, []
    named = pc.match_substring_regex(
        listing.files.column("relative_path"), r"(?i)(^|/)labels\.csv$"
    )
    for row in listing.files.filter(named).to_pylist():
        prefix = row["relative_path"][: -len("labels.csv")]
        if not pc.all(pc.starts_with(relative, prefix)).as_py():
            continue
        try:
            table = read_labels_table(row["path"])
        except FruitsError as error:
            return None, [f"{error.message} Its labels are not used."]
        matched = match(table, paths, pc.utf8_slice_codeunits(relative, len(prefix)))
        if matched.facts["missing"] < files.num_rows:
            return matched, []
        return None, [f"No row of {row['path']} names a photograph: its labels are not used."]
    return None, []


def _keys(named: pa.Array, paths: pa.Array, relative: pa.Array) -> pa.Array:
    """The way of naming files that matches most rows of the table."""
    names = pc.replace_substring_regex(relative, r"(?s)^.*/", "")
    choices = [relative, paths]
    if len(names.unique()) == len(names):
        choices.append(names)
    return max(choices, key=lambda keys: pc.is_in(named, value_set=keys).true_count)
