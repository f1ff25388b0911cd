"""What was understood of a folder, in facts for a report and sentences for the log."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.photos.folders import OUTSIDE, Folders, Meaning, Rule, Shape
from fruits_kedro.photos.labels import look_alikes
from fruits_kedro.photos.labels_table import Matched

_NAMED = 5
"""Names that a sentence gives; the others are counted."""


@dataclass(frozen=True)
class Understood:
    """One folder, understood.

    Attributes:
        uri: The folder.
        source: ``images`` or ``own``.
        rows: ``layout.LAYOUT_SCHEMA``.
        rule: How its folders are read.
        folders: Every folder with candidates: its parts, its meaning and their number.
        ignored: Ignored files by extension.
        ignored_labels: Label folders in which every file was ignored, with their number.
        matched: The table of labels laid beside the files, None without one.
        notes: Warnings about a table of labels that is not used.
    """

    uri: str
    source: str
    rows: pa.Table
    rule: Rule
    folders: list[tuple[Folders, Meaning, int]]
    ignored: dict[str, int]
    ignored_labels: dict[str, int]
    matched: Matched | None
    notes: list[str]

    def label_counts(self) -> dict[str, int]:
        """Photographs worth reading per label, outside ones not counted, in order of labels."""
        inside = pc.not_equal(pc.fill_null(self.rows.column("split"), ""), OUTSIDE)
        used = self.rows.filter(pc.and_(inside, self.rows.column("reason").is_null()))
        return _counts(used.column("label"))


@dataclass(frozen=True)
class Description:
    """The facts of one folder, with what the log says of them."""

    summary: dict[str, Any]
    warnings: list[str]
    sentences: list[str]


def names_of(names: Sequence[str], limit: int = _NAMED) -> str:
    """The first names, and how many there are beyond them."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def describe(part: Understood) -> Description:
    """Facts, warnings and sentences about one folder."""
    labels = part.label_counts()
    summary = {
        "folder": part.uri,
        "photographs": part.rows.num_rows,
        "wrapped_in": "/".join(part.rule.wrapper) or None,
        "folder_depth": _depths(part),
        "labels": _label_facts(labels),
        "label_rule": _label_rule(part),
        "splits": _split_facts(part),
        "outside": _outside(part),
        "no_label": _no_label(part),
        "capture_groups": _counts(part.rows.column("capture")),
        "places": _counts(part.rows.column("place")),
        "ignored": part.ignored,
        "ignored_labels": part.ignored_labels,
        "look_alikes": look_alikes(_label_names(part)),
        "labels_table": _table_facts(part.matched),
    }
    return Description(summary, _warnings(part, summary), _sentences(summary))


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts = column.drop_null().value_counts().to_pylist()
    return dict(sorted((count["values"], count["counts"]) for count in counts))


def _depths(part: Understood) -> dict[str, int]:
    """Candidates by the number of folders between the wrapper, or the image folder, and them."""
    depths: Counter[int] = Counter()
    for folders, _, files in part.folders:
        depths[len(folders) - len(part.rule.wrapper)] += files
    return {str(depth): files for depth, files in sorted(depths.items())}


def _label_facts(labels: dict[str, int]) -> dict[str, Any]:
    ordered = sorted(labels, key=lambda label: (labels[label], label))
    ends = {"smallest": ordered[0], "largest": ordered[-1]} if ordered else {}
    facts = {name: {"label": label, "photographs": labels[label]} for name, label in ends.items()}
    return {"number": len(labels), **facts}


def _label_rule(part: Understood) -> str:
    if part.matched:
        return "the table of labels"
    level, shape = part.rule.label_level, part.rule.shape
    above = "the split folder" if shape is Shape.SPLITS_ABOVE else "the image folder"
    if level is None or level == 1:
        return f"the first folder below {above}"
    return f"folder {level} below {above}" if level > 0 else f"folder {level} from the file"


def _split_facts(part: Understood) -> dict[str, Any]:
    by_table = part.matched is not None and part.matched.has_split
    counts = _counts(part.rows.column("split"))
    named: dict[str, set[str]] = {}
    for _, meaning, _ in part.folders:
        if meaning.split not in (None, OUTSIDE) and meaning.split_folder:
            named.setdefault(str(meaning.split), set()).add(meaning.split_folder)
    rule = "table of labels" if by_table else "folders" if named else "none"
    folders = {split: sorted(names) for split, names in sorted(named.items())}
    return {"rule": rule, "photographs": counts, "folders": folders}


def _outside(part: Understood) -> dict[str, int]:
    """Photographs beside the split folders, by the topmost folder, ``.`` for none."""
    found: Counter[str] = Counter()
    for _, meaning, files in part.folders:
        if meaning.split == OUTSIDE and not (part.matched and part.matched.has_split):
            found[meaning.split_folder or "."] += files
    return dict(sorted(found.items()))


def _no_label(part: Understood) -> dict[str, Any]:
    """Files that no folder and no table gives a label, other than those outside of the splits."""
    inside = pc.not_equal(pc.fill_null(part.rows.column("split"), ""), OUTSIDE)
    lost = part.rows.filter(pc.and_(pc.equal(part.rows.column("reason"), "no_label"), inside))
    return {"photographs": lost.num_rows, "examples": lost.column("path")[:3].to_pylist()}


def _label_names(part: Understood) -> set[str]:
    """Names of label folders as on disk, or the labels of a table."""
    if part.matched:
        return set(part.label_counts())
    return {meaning.label for _, meaning, _ in part.folders if meaning.label}


def _table_facts(matched: Matched | None) -> dict[str, Any] | None:
    if matched is None:
        return None
    return {
        "rows": matched.rows,
        "missing": len(matched.missing),
        "superfluous": len(matched.superfluous),
        "disputed": pc.sum(matched.disputed).as_py() or 0,
        "missing_examples": matched.missing[:_NAMED],
        "superfluous_examples": matched.superfluous[:_NAMED],
    }


def _warnings(part: Understood, summary: dict[str, Any]) -> list[str]:
    found = [
        _outside_warning(summary),
        _depth_warning(part, summary),
        _no_label_warning(part, summary),
        _look_alike_warning(part, summary),
        _ignored_warning(part, summary),
        *_table_warnings(part.matched),
        *part.notes,
    ]
    return [f"{part.uri}: {warning}" for warning in found if warning]


def _outside_warning(summary: dict[str, Any]) -> str | None:
    outside = summary["outside"]
    if not outside:
        return None
    named = [f"{folder} ({files})" for folder, files in outside.items()]
    return (
        f"{sum(outside.values())} photographs are outside the split folders and neither train nor "
        f"test: {names_of(named)}. Move them into a split folder to use them."
    )


def _depth_warning(part: Understood, summary: dict[str, Any]) -> str | None:
    depths = [int(depth) for depth in summary["folder_depth"] if depth != "0"]
    if part.matched or part.rule.shape is not Shape.LABELS or len(depths) < 2:
        return None
    deepest = max((f for f, _, _ in part.folders), key=len)
    return (
        f"photographs are {min(depths)} to {max(depths)} folders deep; the label is "
        f"{summary['label_rule']}, as in {'/'.join(deepest)}. ingestion.label_level names another."
    )


def _no_label_warning(part: Understood, summary: dict[str, Any]) -> str | None:
    lost = summary["no_label"]
    if not lost["photographs"] or part.matched:
        return None
    return (
        f"{lost['photographs']} files are in no label folder and are rejected, such as "
        f"{lost['examples'][0]}."
    )


def _look_alike_warning(part: Understood, summary: dict[str, Any]) -> str | None:
    groups = summary["look_alikes"]
    if not groups:
        return None
    kept = set(part.label_counts())
    named = [
        " and ".join(repr(name) for name in group)
        + (" stay apart" if len(kept.intersection(map(str.strip, group))) > 1 else " are one label")
        for group in groups
    ]
    return f"labels look alike: {names_of(named)}. Rename the folders that mean the same."


def _ignored_warning(part: Understood, summary: dict[str, Any]) -> str | None:
    unused = summary["ignored_labels"]
    if not unused:
        return None
    named = [f"{label} ({files})" for label, files in unused.items()]
    return (
        f"every file is ignored in {len(unused)} label folders: {names_of(named)}. "
        "ingestion.ignored_extensions decides what is ignored."
    )


def _table_warnings(matched: Matched | None) -> list[str]:
    if matched is None:
        return []
    disputed = pc.sum(matched.disputed).as_py() or 0
    told = [
        (len(matched.missing), "photographs have no row in the table of labels", matched.missing),
        (len(matched.superfluous), "rows of the table name no photograph", matched.superfluous),
    ]
    warnings = [f"{number} {what}: {names_of(names)}." for number, what, names in told if number]
    if disputed:
        warnings.append(f"{disputed} photographs have two labels in the table and are rejected.")
    if matched.unknown_splits:
        warnings.append(
            f"the table has splits that are none of train, test and validation: "
            f"{names_of(matched.unknown_splits)}. Their photographs neither train nor test."
        )
    return warnings


def _sentences(summary: dict[str, Any]) -> list[str]:
    found = [
        f"Everything in {summary['folder']} is in {summary['wrapped_in']}: read from there"
        if summary["wrapped_in"]
        else None,
        _labels_sentence(summary),
        _splits_sentence(summary),
        _groups_sentence("Capture groups", summary["capture_groups"]),
        _groups_sentence("Places", summary["places"]),
        _ignored_sentence(summary),
    ]
    return [sentence for sentence in found if sentence]


def _labels_sentence(summary: dict[str, Any]) -> str:
    labels, depths = summary["labels"], list(summary["folder_depth"])
    depth = " to ".join(dict.fromkeys((depths[0], depths[-1])))
    deep = "folder deep" if depth == "1" else "folders deep"
    ends = [
        f"{size} {labels[size]['label']} ({labels[size]['photographs']})"
        for size in ("smallest", "largest")
        if size in labels
    ]
    return (
        f"{summary['folder']}: {summary['photographs']} photographs, {depth} {deep}; "
        f"{labels['number']} labels from {summary['label_rule']}"
        + (f" ({', '.join(ends)})" if ends else "")
    )


def _splits_sentence(summary: dict[str, Any]) -> str:
    splits = summary["splits"]
    if splits["rule"] == "none":
        return "No folder and no table names a split"
    named = [
        f"{split} {files}"
        + (f" ({', '.join(splits['folders'][split])})" if split in splits["folders"] else "")
        for split, files in splits["photographs"].items()
    ]
    return f"Splits from {splits['rule']}: {', '.join(named)}"


def _groups_sentence(what: str, groups: dict[str, int]) -> str | None:
    named = [f"{group} ({files})" for group, files in groups.items()]
    return f"{what}: {names_of(named)}" if groups else None


def _ignored_sentence(summary: dict[str, Any]) -> str | None:
    ignored = summary["ignored"]
    if not ignored:
        return None
    named = [f"{files} {extension}" for extension, files in ignored.items()]
    return f"Ignored by their names: {names_of(named, 10)}"
