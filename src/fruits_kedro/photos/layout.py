"""Derives label, split, capture group and place of each listed file."""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.folders import (
    Folders,
    Rule,
    clean_label,
    find_rule,
    nearest_label,
    parse_capture,
)
from fruits_kedro.photos.labels_table import Matched, match_table
from fruits_kedro.photos.layout_summary import (
    Understood,
    counts,
    names_of,
    sentences,
    summarise,
    warnings,
)
from fruits_kedro.photos.listing import Listing, absolute
from fruits_kedro.photos.reasons import Reason

IMAGES, OWN = "images", "own"
"""Values of the column ``source``."""

LAYOUT_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("split", pa.string()),
        pa.field("capture", pa.string()),
        pa.field("place", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("modified", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
    ]
)
"""One row per candidate photograph. ``split`` is what folders or a table say: ``train``, ``test``,
``validation``, ``outside`` (beside the split folders) or null. ``place`` is null for ``images``.
``reason`` is null if the file is to be read."""

_ROWS_AT_ONCE = 1 << 16


class Layout(NamedTuple):
    """What folders and names tell, before any file is read.

    Attributes:
        rows: ``LAYOUT_SCHEMA``: the photographs of ``images``, then those of each own folder.
        summary: Facts for a report, ready for JSON.
        warnings: What the user should look at, a sentence each.
        sentences: What was understood, a sentence each.
    """

    rows: pa.Table
    summary: dict[str, Any]
    warnings: list[str]
    sentences: list[str]


def understand(
    images: Listing,
    own: Sequence[Listing],
    parameters: IngestionParameters,
    place_pattern: str,
) -> Layout:
    """Read labels, splits, capture groups and places from folders, names and tables of labels.

    Args:
        images: The image folder.
        own: Folders of the user's own photographs.
        parameters: The table of labels is of the image folder only.
        place_pattern: Regular expression with one group, searched in the path below the label
            folder; it names the place of an own photograph. Without a match the place is the name
            of the own folder.

    Raises:
        FruitsError: If there is no photograph, or none has a label, or a table cannot be used.
    """
    main = _understand_one(images, IMAGES, parameters, parameters.labels_table, None)
    if main.rows.column("label").null_count == main.rows.num_rows:
        raise FruitsError(
            f"No photograph in {images.uri} is in a folder named after its label: sort them into "
            "one folder per label, add a labels.csv with path and label, or predict unlabelled "
            "photographs with --pipelines=inference."
        )
    layout = _described(main)
    layout.summary["own"] = []
    rows = [main.rows]
    for listing in own:
        name = os.path.basename(absolute(listing.uri))
        place_of = partial(_place, pattern=place_pattern, otherwise=name)
        part = _understand_one(listing, OWN, parameters, None, place_of)
        described = _described(part)
        new, warned = _new_labels(main, part)
        layout.summary["own"].append(described.summary | {"new_labels": new})
        layout.warnings.extend(described.warnings + warned)
        layout.sentences.extend(described.sentences)
        rows.append(part.rows)
    return layout._replace(rows=pa.concat_tables(rows))


def _described(part: Understood) -> Layout:
    summary = summarise(part)
    warned = [f"{part.uri}: {warning}" for warning in warnings(part, summary)]
    return Layout(part.rows, summary, warned, list(sentences(summary)))


def _understand_one(
    listing: Listing,
    source: str,
    parameters: IngestionParameters,
    labels_table: str | None,
    place_of: Callable[[str], str | None] | None,
) -> Understood:
    files, ignored = listing.sort_out(parameters.ignored_extensions)
    if not files.num_rows:
        raise FruitsError(
            f"There are no photographs in {listing.uri} ({ignored.num_rows} other files): name a "
            f"folder that holds folders of photographs with --params={source}=FOLDER."
        )
    folder, name = _folder_and_name(files.column("relative_path"))
    tree = [_parts(text) for text in folder.dictionary.to_pylist()]
    rule = find_rule(tree, parameters.label_level)
    meanings = [rule.read(folders) for folders in tree]
    by_folder = {
        "label": [clean_label(meaning.label) for meaning in meanings],
        "split": [meaning.split for meaning in meanings],
        "below": [meaning.below for meaning in meanings],
    }
    columns = {
        name: pa.array(values, pa.string()).take(folder.indices)
        for name, values in by_folder.items()
    }
    below = pc.binary_join_element_wise(columns["below"], name, "")
    columns["capture"] = _per_row(
        below, lambda text: parse_capture(text, parameters.capture_pattern)
    )
    matched, notes = match_table(listing, files, labels_table)
    if matched:
        columns["label"] = matched.columns["label"]
        columns["split"] = pc.coalesce(matched.columns["split"], columns["split"])
        if matched.has_capture:
            columns["capture"] = matched.columns["capture"]
    columns["place"] = _per_row(below, place_of) if place_of else pa.nulls(len(below), pa.string())
    columns["source"] = pa.repeat(source, len(below))
    columns["reason"] = _reasons(files, columns["label"], matched)
    columns |= {name: files.column(name) for name in ("path", "size", "modified")}
    rows = pa.table([columns[name] for name in LAYOUT_SCHEMA.names], schema=LAYOUT_SCHEMA)
    return Understood(
        uri=listing.uri,
        rows=rows,
        rule=rule,
        folders=list(zip(tree, meanings, _files_of(folder), strict=True)),
        ignored=counts(ignored.column("ignored_as")),
        ignored_labels=_ignored_labels(ignored, rule, set(columns["label"].unique().to_pylist())),
        matched=matched,
        notes=notes,
    )


def _folder_and_name(relative: pa.ChunkedArray) -> tuple[pa.DictionaryArray, pa.Array]:
    """Each file's folder, empty at the top, and its name."""
    text = relative.combine_chunks()
    parts = pc.extract_regex(text, r"(?s)^(?P<folder>(?:.*/)?)(?P<name>[^/]*)$")
    return parts.field("folder").dictionary_encode(), parts.field("name")


def _parts(folder: str) -> Folders:
    return tuple(name for name in folder.split("/") if name)


def _per_row(texts: pa.Array, parse: Callable[[str], str | None]) -> pa.Array:
    """Apply ``parse`` to every text, in chunks to bound the number of Python objects."""
    pieces = [
        pa.array(map(parse, texts[start : start + _ROWS_AT_ONCE].to_pylist()), pa.string())
        for start in range(0, len(texts), _ROWS_AT_ONCE)
    ]
    return pa.concat_arrays(pieces)


def _place(below: str, pattern: str, otherwise: str) -> str:
    found = re.search(pattern, below)
    return (found and found.group(1)) or otherwise


def _reasons(files: pa.Table, label: pa.Array, matched: Matched | None) -> pa.Array:
    """Why a file is not read, from its name and the table of labels."""
    none = pa.scalar(None, pa.string())
    reasons = pc.if_else(label.is_null(), Reason.NO_LABEL.value, none)
    if matched:
        reasons = pc.if_else(matched.columns["disputed"], Reason.LABEL_CONFLICT.value, reasons)
    is_utf8 = files.column("name_is_utf8").combine_chunks()
    return pc.if_else(is_utf8, reasons, Reason.NAME_NOT_UTF8.value)


def _files_of(folder: pa.DictionaryArray) -> list[int]:
    """The number of files in each folder of the dictionary."""
    return np.bincount(folder.indices, minlength=len(folder.dictionary)).tolist()


def _ignored_labels(ignored: pa.Table, rule: Rule, used: set[str | None]) -> dict[str, int]:
    """Label folders in which every file was ignored, with the number of files."""
    seen = ignored.filter(pc.not_equal(ignored.column("ignored_as"), "hidden"))
    folder, _ = _folder_and_name(seen.column("relative_path"))
    found: Counter[str] = Counter()
    for text, files in zip(folder.dictionary.to_pylist(), _files_of(folder), strict=True):
        parts = _parts(text)
        is_inside = parts[: len(rule.wrapper)] == rule.wrapper
        label = clean_label(rule.read(parts).label) if is_inside else None
        if label and label not in used:
            found[label] += files
    return dict(sorted(found.items()))


def _new_labels(main: Understood, own: Understood) -> tuple[dict[str, str | None], list[str]]:
    """Labels that only own photographs have, each with the nearest known one, and a warning."""
    known = set(main.label_counts())
    new = {label: nearest_label(label, known) for label in own.label_counts() if label not in known}
    alike = [f"{label} (did you mean {near}?)" for label, near in new.items() if near]
    unlike = [label for label, near in new.items() if not near]
    warned = []
    if alike:
        warned.append(
            f"{own.uri}: Own photographs bring new labels that read like known ones: "
            f"{names_of(alike)}. Rename these folders if they show the same fruit."
        )
    if unlike:
        warned.append(
            f"{own.uri}: Own photographs bring new labels: {names_of(unlike)}. Only own "
            "photographs train them."
        )
    return new, warned
