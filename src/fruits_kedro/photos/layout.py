"""Derives label, split, capture group and place of each listed file."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.folders import (
    OUTSIDE,
    Folders,
    Rule,
    clean_label,
    find_rule,
    look_alikes,
    nearest_label,
    parse_capture,
)
from fruits_kedro.photos.labels_table import match_table
from fruits_kedro.photos.listing import Listing, absolute
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.schemas import PHOTOGRAPHS

IMAGES, OWN = "images", "own"
"""Values of the column ``source``."""

LAYOUT_SCHEMA = pa.schema(field for field in PHOTOGRAPHS if field.name not in ("sha256", "status"))
"""One row per candidate photograph. ``split`` is what folders or a table say: ``train``, ``test``,
``validation``, ``outside`` (beside the split folders) or null. ``place`` is null for ``images``.
``reason`` is null if the file is to be read."""


def understand(
    images: Listing,
    own: Sequence[Listing],
    parameters: IngestionParameters,
    place_pattern: str,
) -> tuple[pa.Table, dict[str, Any]]:
    """Read labels, splits, capture groups and places from folders, names and tables of labels.

    Args:
        images: The image folder; ``ingestion.labels_table`` is about its files only.
        own: Folders of the user's own photographs.
        place_pattern: Regular expression with one group, searched below the label folder; it names
            the place of an own photograph. Without a match that is the name of the own folder.

    Returns:
        ``LAYOUT_SCHEMA``: the photographs of ``images``, then those of each own folder; and for
        JSON the number of ``listed`` files, the ``ignored`` ones by extension, ``ignored_labels``
        (label folders of ``images`` in which every file is ignored, with their number), and
        ``sentences`` and ``warnings``.

    Raises:
        FruitsError: If there is no photograph, or none has a label, or a table cannot be used.
    """
    main = _Understood(images, IMAGES, parameters, place_pattern)
    if main.rows.column("label").null_count == main.rows.num_rows:
        raise FruitsError(
            f"No photograph in {images.uri} is in a folder named after its label: sort them into "
            "one folder per label, add a labels.csv with path and label, or predict unlabelled "
            "photographs with --pipelines=inference."
        )
    no_table = parameters.model_copy(update={"labels_table": None})
    parts = [main, *(_Understood(listing, OWN, no_table, place_pattern) for listing in own)]
    ignored = sum((Counter(part.ignored) for part in parts), Counter[str]())
    layout = {
        "folder": images.uri,
        "listed": sum(listing.files.num_rows for listing in (images, *own)),
        "ignored": dict(sorted(ignored.items())),
        "ignored_labels": main.ignored_labels,
        "sentences": [sentence for part in parts for sentence in part.sentences()],
        "warnings": [
            f"{part.uri}: {warning}" for part in parts for warning in part.warnings(main.labels)
        ],
    }
    return pa.concat_tables([part.rows for part in parts]), layout


class _Understood:
    """What the folders and names below one folder tell.

    Attributes:
        rows: ``LAYOUT_SCHEMA``.
        folders: Every folder with candidates: its parts, its meaning, the number of candidates.
        depths: Numbers of folders above candidates, without the wrapper.
        ignored: Ignored files by extension.
        ignored_labels: Label folders in which every file was ignored, with their number.
        by_table: Columns that a table of labels gives; none without one.
        notes: Warnings about that table.
        labels: Photographs to read inside the split folders, by label in order.
        lost: Paths inside the split folders that are in no label folder.
    """

    def __init__(
        self, listing: Listing, source: str, parameters: IngestionParameters, place_pattern: str
    ) -> None:
        files, ignored = listing.sort_out(parameters.ignored_extensions)
        if not files.num_rows:
            raise FruitsError(
                f"There are no photographs in {listing.uri} ({ignored.num_rows} other files): name "
                f"a folder that holds folders of photographs with --params={source}=FOLDER."
            )
        folder, name = _folder_and_name(files)
        folder = folder.dictionary_encode()
        tree = [_parts(text) for text in folder.dictionary.to_pylist()]
        self.rule = find_rule(tree, parameters.label_level)
        meanings = [self.rule.read(folders) for folders in tree]

        def per_row(values: list[str | None]) -> pa.Array:
            return pa.array(values, pa.string()).take(folder.indices)

        below = pc.binary_join_element_wise(per_row([one.below for one in meanings]), name, "")
        columns = {
            "label": per_row([clean_label(one.label) for one in meanings]),
            "split": per_row([one.split for one in meanings]),
            "capture": pa.array(
                (parse_capture(text.as_py(), parameters.capture_pattern) for text in below),
                pa.string(),
            ),
            "place": pa.nulls(len(below), pa.string()),
            "source": pa.repeat(source, len(below)),
        }
        if source == OWN:
            otherwise = os.path.basename(absolute(listing.uri))
            found = (re.search(place_pattern, text.as_py()) for text in below)
            places = ((match and match.group(1)) or otherwise for match in found)
            columns["place"] = pa.array(places, pa.string())
        by_table, self.notes = match_table(listing, files, parameters.labels_table)
        if "split" in by_table:
            by_table["split"] = pc.coalesce(by_table["split"], columns["split"])
        columns |= by_table
        is_utf8 = files.column("name_is_utf8").combine_chunks()
        disputed = columns.get("disputed", pa.scalar(False))
        columns["reason"] = pc.case_when(
            pc.make_struct(pc.invert(is_utf8), disputed, columns["label"].is_null()),
            *(Reason.NAME_NOT_UTF8.value, Reason.LABEL_CONFLICT.value, Reason.NO_LABEL.value),
        )
        columns |= {name: files.column(name) for name in ("path", "size", "modified")}
        self.uri = listing.uri
        self.rows = pa.table([columns[n] for n in LAYOUT_SCHEMA.names], schema=LAYOUT_SCHEMA)
        numbers = np.bincount(folder.indices, minlength=len(tree)).tolist()
        self.folders = list(zip(tree, meanings, numbers, strict=True))
        self.depths = {len(folders) - len(self.rule.wrapper) for folders in tree}
        self.ignored = counts(ignored.column("ignored_as"))
        used = columns["label"].unique().to_pylist()
        self.ignored_labels = _ignored_labels(ignored, self.rule, used)
        self.by_table = by_table.keys()
        inside = pc.not_equal(pc.fill_null(self.rows["split"], ""), OUTSIDE)
        is_used = pc.and_(inside, self.rows["reason"].is_null())
        is_lost = pc.and_(inside, pc.equal(self.rows["reason"], Reason.NO_LABEL.value))
        self.labels = counts(self.rows["label"].filter(is_used))
        self.lost = self.rows["path"].filter(is_lost)

    def sentences(self) -> Iterator[str]:
        """What was understood of one folder."""
        if self.rule.wrapper:
            yield f"{self.uri} is read from {'/'.join(self.rule.wrapper)}, which holds everything"
        depth = " to ".join(map(str, sorted({min(self.depths), max(self.depths)})))
        by_size = sorted(self.labels.items(), key=lambda pair: pair[::-1])
        smallest, largest = names_of(dict(by_size[:1])), names_of(dict(by_size[-1:]))
        yield (
            f"{self.uri}: {self.rows.num_rows} photographs, {depth} "
            f"{'folder' if depth == '1' else 'folders'} deep; {len(by_size)} labels by "
            f"{self._label_rule()}, from {smallest} to {largest}"
        )
        named = {
            (meaning.split, meaning.split_folder)
            for _, meaning, _ in self.folders
            if meaning.split and meaning.split_folder and meaning.split != OUTSIDE
        }
        if named or "split" in self.by_table:
            rule = "the table of labels" if "split" in self.by_table else "folders"
            folders = f" ({', '.join(name for _, name in sorted(named))})" if named else ""
            yield f"Splits by {rule}{folders}: {names_of(counts(self.rows['split']))}"
        else:
            yield "No folder names a split"
        captures, places = counts(self.rows["capture"]), counts(self.rows["place"])
        found = {"Capture groups": captures, "Places": places, "Ignored": self.ignored}
        yield from (f"{what}: {names_of(names, 10)}" for what, names in found.items() if names)

    def warnings(self, known: Collection[str]) -> Iterator[str]:
        """What the user should look at; ``known`` are the labels of the image folder."""
        outside = self._outside()
        if outside:
            yield (
                f"{sum(outside.values())} photographs are outside the split folders and neither "
                f"train nor test: {names_of(outside)}. Move them into a split folder to use them."
            )
        has_only_labels = not (self.by_table or self.rule.split_levels or self.rule.splits_below)
        depths = self.depths - {0}
        if has_only_labels and len(depths) > 1:
            deepest = max((folders for folders, _, _ in self.folders), key=len)
            yield (
                f"Photographs are {min(depths)} to {max(depths)} folders deep, such as "
                f"{'/'.join(deepest)}. The label is {self._label_rule()}; ingestion.label_level "
                "names another."
            )
        is_own = self.rows["place"].null_count == 0
        repeated = [] if is_own or self.rule.label_level is not None else self._repeated_below()
        if has_only_labels and repeated:
            yield (
                f"Every one of the {len(self.labels)} labels has the folders {names_of(repeated)}: "
                "if those are the labels, give ingestion.label_level=-1, else "
                "ingestion.label_level=1."
            )
        if len(self.lost) and not self.by_table:
            yield (
                f"{len(self.lost)} files are in no label folder and are rejected, such as "
                f"{self.lost[0]}."
            )
        shown = self.labels if self.by_table else {meaning.label for _, meaning, _ in self.folders}
        alike = look_alikes(name for name in shown if name)
        if alike:
            named = names_of([_look_alike(group, self.labels) for group in alike])
            yield f"Labels look alike: {named}. Rename folders that mean the same."
        if self.ignored_labels:
            yield (
                f"Every file is ignored in {len(self.ignored_labels)} label folders: "
                f"{names_of(self.ignored_labels)}. ingestion.ignored_extensions decides what is "
                "ignored."
            )
        yield from self.notes
        nearest = {
            label: nearest_label(label, known) for label in self.labels if label not in known
        }
        new = [label for label, near in nearest.items() if not near]
        like_known = [f"{label} (did you mean {near}?)" for label, near in nearest.items() if near]
        if like_known:
            yield (
                "Own photographs bring new labels that read like known ones: "
                f"{names_of(like_known)}. Rename these folders if they show the same fruit."
            )
        if new:
            yield (
                f"Own photographs bring new labels: {names_of(new)}. Only own photographs train "
                "them."
            )

    def _label_rule(self) -> str:
        """Which folder is the label, in words."""
        if self.by_table:
            return "the table of labels"
        level = self.rule.label_level or 1
        above = "the split folder" if self.rule.split_levels else "the image folder"
        if level < 0:
            return "the folder of the file" if level == -1 else f"folder {level} from the file"
        return f"the first folder below {above}" if level == 1 else f"folder {level} below {above}"

    def _outside(self) -> dict[str, int]:
        """Photographs outside the split folders by topmost folder; ``.`` for those in none."""
        found: Counter[str] = Counter()
        for _, meaning, files in self.folders:
            if meaning.split == OUTSIDE and "split" not in self.by_table:
                found[meaning.split_folder or "."] += files
        return dict(sorted(found.items()))

    def _repeated_below(self) -> list[str]:
        """Folders that stand below every label folder, as labels below sessions do."""
        inner = {folders[len(self.rule.wrapper) :][:2] for folders, _, _ in self.folders}
        tops = {folders[0] for folders in inner if folders}
        below = Counter(folders[1] for folders in inner if len(folders) == 2)
        shared = sorted(name for name, number in below.items() if number == len(tops) > 1)
        return shared if len(shared) > 1 else []


def _folder_and_name(files: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Each file's folder, empty at the top, and its name."""
    text = files.column("relative_path").combine_chunks()
    parts = pc.extract_regex(text, r"(?s)^(?P<folder>(?:.*/)?)(?P<name>[^/]*)$")
    return parts.field("folder"), parts.field("name")


def _parts(folder: str) -> Folders:
    return tuple(name for name in folder.split("/") if name)


def _ignored_labels(ignored: pa.Table, rule: Rule, used: Collection[str | None]) -> dict[str, int]:
    """Label folders in which every file was ignored, with the number of files."""
    seen = ignored.filter(pc.not_equal(ignored.column("ignored_as"), "hidden"))
    found: Counter[str] = Counter()
    for text, files in counts(_folder_and_name(seen)[0]).items():
        parts = _parts(text)
        is_inside = parts[: len(rule.wrapper)] == rule.wrapper
        label = clean_label(rule.read(parts).label) if is_inside else None
        if label and label not in used:
            found[label] += files
    return dict(sorted(found.items()))


def _look_alike(group: list[str], kept: Collection[str]) -> str:
    apart = len({name.strip() for name in group}.intersection(kept)) > 1
    return f"{' and '.join(map(repr, group))} {'stay apart' if apart else 'are one label'}"


def counts(column: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    """Number of each value, in order of values, without null."""
    found = column.drop_null().value_counts().to_pylist()
    return dict(sorted((value["values"], value["counts"]) for value in found))


def names_of(names: Sequence[str] | dict[str, int], limit: int = 5) -> str:
    """The first names, with their numbers if given, and how many more there are."""
    texts = [f"{k} ({v})" for k, v in names.items()] if isinstance(names, dict) else list(names)
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more} more" if more > 0 else "")
