"""Reads ``labels.csv``: labels of photographs whose folders are not named by label."""

import os

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

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


def read_labels_table(uri: str) -> pa.Table:
    """Read a CSV file with a header; ``,``, ``;`` or a tab separates its columns.

    Returns:
        Text columns path and label, and split and capture if the file has them.

    Raises:
        FruitsError: If the file cannot be read, or lacks a column for path or label.
    """
    try:
        content = read_bytes(os.path.expanduser(uri))
        header = content.split(b"\n", 1)[0].decode()
        table = csv.read_csv(
            pa.BufferReader(content),
            parse_options=csv.ParseOptions(
                delimiter=max(",;\t", key=header.count), newlines_in_values=True
            ),
            convert_options=csv.ConvertOptions(
                default_column_type=pa.string(), strings_can_be_null=False
            ),
        )
    except (OSError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise FruitsError(
            f"The table of labels {uri} cannot be read ({reason}): save it as CSV in UTF-8."
        ) from error
    names = table.column_names
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
    return pa.table({column: table[names.index(name)] for column, name in found.items() if name})


def match_table(
    listing: Listing, files: pa.Table, labels_table: str | None
) -> tuple[dict[str, pa.Array], list[str]]:
    """Match the given table, or a ``labels.csv`` at the top of the folder, with its candidates.

    Returns:
        Columns of the candidates, none without a table that can be used: label, disputed (true for
        files with two labels), and split and capture if the table has them; null if it does not
        say. An unknown split is ``outside``. And warnings.

    Raises:
        FruitsError: If the given table cannot be read, or names none of the files.
    """
    paths, relative = (files.column(name).combine_chunks() for name in ("path", "relative_path"))
    if labels_table:
        matched = _match(read_labels_table(labels_table), paths, relative)
        if matched is None:
            raise FruitsError(
                f"No row of the table of labels {labels_table} names a photograph in "
                f"{listing.uri}: write paths below that folder, such as {relative[0]}."
            )
        return matched
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
            return {}, [f"{error.message} Its labels are not used."]
        matched = _match(table, paths, pc.utf8_slice_codeunits(relative, len(prefix)))
        unused = f"No row of {row['path']} names a photograph: its labels are not used."
        return matched or ({}, [unused])
    return {}, []


def _match(
    table: pa.Table, paths: pa.Array, relative: pa.Array
) -> tuple[dict[str, pa.Array], list[str]] | None:
    """What a table says of files, given their paths, also below its folder; None if it names none.

    Rows name files by their paths below the folder of the table, or by their whole paths, or by
    their names alone if all are unique: in the way that matches most rows.
    """
    named = pc.replace_substring(pc.utf8_trim_whitespace(table.column("path")), "\\", "/")
    named = pc.replace_substring_regex(named, r"^(\./)+", "").combine_chunks()
    names = pc.replace_substring_regex(relative, r"(?s)^.*/", "")
    choices = [relative, paths, *([names] if len(names.unique()) == len(names) else [])]
    keys = max(choices, key=lambda keys: pc.is_in(named, value_set=keys).true_count)
    row = pc.index_in(keys, value_set=named)
    if row.null_count == len(row):
        return None
    label = pa.array(map(clean_label, table.column("label").to_pylist()), pa.string())
    labels = pa.table({"key": named, "label": label}).group_by("key")
    several = labels.aggregate([("label", "count_distinct")])
    several = several.filter(pc.greater(several.column("label_count_distinct"), 1)).column("key")
    columns = {"label": label.take(row), "disputed": pc.is_in(keys, value_set=several)}
    unmatched = {
        "photographs have no row in the table of labels": relative.filter(row.is_null()),
        "rows of the table of labels name no photograph": named.filter(
            pc.invert(pc.is_in(named, value_set=keys))
        ),
    }
    warnings = [
        f"{len(files)} {problem}, such as {', '.join(files[:_EXAMPLES].to_pylist())}."
        for problem, files in unmatched.items()
        if len(files)
    ]
    if columns["disputed"].true_count:
        warnings.append(
            f"{columns['disputed'].true_count} photographs have two labels in the table of labels "
            "and are rejected."
        )
    if "split" in table.column_names:
        words = [word.strip() for word in table.column("split").to_pylist()]
        splits = {word: split_of(word) or OUTSIDE for word in words if word}
        columns["split"] = pa.array(map(splits.get, words), pa.string()).take(row)
        unknown = [word for word, split in splits.items() if split == OUTSIDE]
        if unknown:
            warnings.append(
                "The table of labels has splits that are none of train, test and validation: "
                f"{', '.join(unknown)}. These photographs neither train nor test."
            )
    if "capture" in table.column_names:
        capture = table.column("capture").combine_chunks()
        columns["capture"] = pc.if_else(pc.equal(capture, ""), None, capture).take(row)
    return columns, warnings
