"""What was understood of a folder: facts for a report, sentences and warnings for the log."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.photos.folders import OUTSIDE, Folders, Meaning, Rule, look_alikes
from fruits_kedro.photos.labels_table import Matched
from fruits_kedro.photos.reasons import Reason


@dataclass(frozen=True)
class Understood:
    """One folder, understood.

    Attributes:
        rows: ``layout.LAYOUT_SCHEMA``.
        folders: Every folder with candidates: its parts, its meaning, the number of candidates.
        ignored: Ignored files by extension.
        ignored_labels: Label folders in which every file was ignored, with their number.
        notes: Why a table of labels is not used.
    """

    uri: str
    rows: pa.Table
    rule: Rule
    folders: list[tuple[Folders, Meaning, int]]
    ignored: dict[str, int]
    ignored_labels: dict[str, int]
    matched: Matched | None
    notes: list[str]

    def inside(self) -> pa.ChunkedArray:
        """True for rows inside the split folders."""
        return pc.not_equal(pc.fill_null(self.rows.column("split"), ""), OUTSIDE)

    def label_counts(self) -> dict[str, int]:
        """Photographs to read inside the split folders, by label in order."""
        used = pc.and_(self.inside(), self.rows.column("reason").is_null())
        return counts(self.rows.column("label").filter(used))


def counts(column: pa.ChunkedArray) -> dict[str, int]:
    """Number of each value, in order of values, without null."""
    found = column.drop_null().value_counts().to_pylist()
    return dict(sorted((value["values"], value["counts"]) for value in found))


def names_of(names: Sequence[str] | dict[str, int], limit: int = 5) -> str:
    """The first names, with their numbers if given, and how many more there are."""
    texts = [f"{k} ({v})" for k, v in names.items()] if isinstance(names, dict) else list(names)
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more} more" if more > 0 else "")


def summarise(part: Understood) -> dict[str, Any]:
    """Facts about one folder, ready for JSON."""
    is_lost = pc.equal(part.rows.column("reason"), Reason.NO_LABEL.value)
    lost = part.rows.column("path").filter(pc.and_(part.inside(), is_lost))
    labels = part.label_counts()
    by_size = sorted(labels.items(), key=lambda pair: pair[::-1])
    shown = labels if part.matched else {meaning.label for _, meaning, _ in part.folders}
    return {
        "folder": part.uri,
        "photographs": part.rows.num_rows,
        "wrapped_in": "/".join(part.rule.wrapper) or None,
        "folder_depth": _depths(part),
        "labels": {
            "number": len(labels),
            "smallest": dict(by_size[:1]),
            "largest": dict(by_size[-1:]),
        },
        "label_rule": _label_rule(part),
        "splits": _splits(part),
        "outside": _outside(part),
        "no_label": {"photographs": len(lost), "examples": lost[:3].to_pylist()},
        "capture_groups": counts(part.rows.column("capture")),
        "places": counts(part.rows.column("place")),
        "ignored": part.ignored,
        "ignored_labels": part.ignored_labels,
        "look_alikes": look_alikes(name for name in shown if name),
        "labels_table": part.matched.facts if part.matched else None,
    }


def _depths(part: Understood) -> dict[str, int]:
    """Candidates by the number of folders between the wrapper, or the image folder, and them."""
    depths: Counter[int] = Counter()
    for folders, _, files in part.folders:
        depths[len(folders) - len(part.rule.wrapper)] += files
    return {str(depth): files for depth, files in sorted(depths.items())}


def _label_rule(part: Understood) -> str:
    if part.matched:
        return "the table of labels"
    level = part.rule.label_level or 1
    above = "the split folder" if part.rule.split_levels else "the image folder"
    if level < 0:
        return "the folder of the file" if level == -1 else f"folder {level} from the file"
    return f"the first folder below {above}" if level == 1 else f"folder {level} below {above}"


def _splits(part: Understood) -> dict[str, Any]:
    named: dict[str, set[str]] = {}
    for _, meaning, _ in part.folders:
        if meaning.split not in (None, OUTSIDE) and meaning.split_folder:
            named.setdefault(str(meaning.split), set()).add(meaning.split_folder)
    return {
        "rule": "the table of labels" if _split_by_table(part) else "folders" if named else None,
        "photographs": counts(part.rows.column("split")),
        "folders": {split: sorted(names) for split, names in sorted(named.items())},
    }


def _split_by_table(part: Understood) -> bool:
    return part.matched is not None and part.matched.has_split


def _outside(part: Understood) -> dict[str, int]:
    """Photographs outside the split folders by topmost folder; ``.`` for those in none."""
    found: Counter[str] = Counter()
    for _, meaning, files in part.folders:
        if meaning.split == OUTSIDE and not _split_by_table(part):
            found[meaning.split_folder or "."] += files
    return dict(sorted(found.items()))


def sentences(summary: dict[str, Any]) -> Iterator[str]:
    """What was understood of one folder, from its facts."""
    if summary["wrapped_in"]:
        yield f"{summary['folder']} is read from {summary['wrapped_in']}, which holds everything"
    labels, depths = summary["labels"], list(summary["folder_depth"])
    depth = " to ".join(dict.fromkeys((depths[0], depths[-1])))
    yield (
        f"{summary['folder']}: {summary['photographs']} photographs, {depth} "
        f"{'folder' if depth == '1' else 'folders'} deep; {labels['number']} labels by "
        f"{summary['label_rule']}, from {names_of(labels['smallest'])} to "
        f"{names_of(labels['largest'])}"
    )
    splits = summary["splits"]
    if splits["rule"]:
        folders = [name for names in splits["folders"].values() for name in names]
        named = f" ({', '.join(folders)})" if folders else ""
        yield f"Splits by {splits['rule']}{named}: {names_of(splits['photographs'])}"
    else:
        yield "No folder names a split"
    for what in ("capture_groups", "places", "ignored"):
        if summary[what]:
            yield f"{what.capitalize().replace('_', ' ')}: {names_of(summary[what], 10)}"


def warnings(part: Understood, summary: dict[str, Any]) -> Iterator[str]:
    """What the user should look at in one folder."""
    outside, lost, unused = (summary[key] for key in ("outside", "no_label", "ignored_labels"))
    if outside:
        yield (
            f"{sum(outside.values())} photographs are outside the split folders and neither train "
            f"nor test: {names_of(outside)}. Move them into a split folder to use them."
        )
    depths = [depth for depth in summary["folder_depth"] if depth != "0"]
    if part.matched is None and _has_only_labels(part.rule) and len(depths) > 1:
        deepest = max((folders for folders, _, _ in part.folders), key=len)
        yield (
            f"Photographs are {depths[0]} to {depths[-1]} folders deep, such as "
            f"{'/'.join(deepest)}. The "
            f"label is {summary['label_rule']}; ingestion.label_level names another."
        )
    repeated = [] if summary["places"] else _repeated_below(part)
    if repeated:
        yield (
            f"Every one of the {summary['labels']['number']} labels has the folders "
            f"{names_of(repeated)}: if those are the labels, give ingestion.label_level=-1, else "
            "ingestion.label_level=1."
        )
    if lost["photographs"] and part.matched is None:
        yield (
            f"{lost['photographs']} files are in no label folder and are rejected, such as "
            f"{lost['examples'][0]}."
        )
    if summary["look_alikes"]:
        kept = set(part.label_counts())
        named = [_look_alike(group, kept) for group in summary["look_alikes"]]
        yield f"Labels look alike: {names_of(named)}. Rename folders that mean the same."
    if unused:
        yield (
            f"Every file is ignored in {len(unused)} label folders: {names_of(unused)}. "
            "ingestion.ignored_extensions decides what is ignored."
        )
    if part.matched:
        yield from part.matched.warnings()
    yield from part.notes


def _has_only_labels(rule: Rule) -> bool:
    return not rule.split_levels and not rule.splits_below


def _repeated_below(part: Understood) -> list[str]:
    """Folders that stand below every label folder, as labels below sessions do."""
    rule = part.rule
    if part.matched or rule.label_level is not None or not _has_only_labels(rule):
        return []
    below: dict[str, set[str]] = {}
    for folders, _, _ in part.folders:
        inner = folders[len(rule.wrapper) :]
        if inner:
            below.setdefault(inner[0], set()).update(inner[1:2])
    shared = set.intersection(*below.values()) if len(below) > 1 else set()
    return sorted(shared) if len(shared) > 1 else []


def _look_alike(group: list[str], kept: set[str]) -> str:
    apart = len(kept.intersection(name.strip() for name in group)) > 1
    return f"{' and '.join(map(repr, group))} {'stay apart' if apart else 'are one label'}"
