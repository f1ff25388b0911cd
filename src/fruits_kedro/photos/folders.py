"""Derives label, split and capture group from the names of folders and files."""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import takewhile
from typing import NamedTuple

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "eval": "validation",
}
"""Names of split folders, in lower case."""

Folders = tuple[str, ...]
"""The folders between the image folder and a file, outermost first."""

OUTSIDE = "outside"
"""The split of photographs beside the split folders: they neither train nor test."""


class Meaning(NamedTuple):
    """Label and split of the files directly in one folder.

    Attributes:
        label: Name of the label folder, as on disk; None if there is none.
        split: ``train``, ``test``, ``validation`` or ``outside``; None if no folder says.
        split_folder: Name of the folder that names the split, as on disk.
        below: Path between the label folder and the files, empty or with ``/`` at its end.
    """

    label: str | None
    split: str | None
    split_folder: str | None
    below: str


class Rule(NamedTuple):
    """How label and split follow from the folders of one tree.

    Attributes:
        wrapper: Folders that contain everything else; they carry no meaning.
        split_levels: Positions below ``wrapper`` at which split folders with labels in them are,
            ascending.
        splits_below: Whether split folders are in the label folders instead.
        label_level: Which folder is the label: 1 is the first below the split folder, or below
            ``wrapper`` without one; -1 is the folder of the file. None is 1.
    """

    wrapper: Folders
    split_levels: tuple[int, ...]
    splits_below: bool
    label_level: int | None

    def read(self, folder: Folders) -> Meaning:
        """Label and split of the files directly in one folder of the tree."""
        folders = folder[len(self.wrapper) :]
        splits = [split_of(name) for name in folders]
        for level in self.split_levels:
            if level < len(folders) and splits[level]:
                return self._meaning(folders, level + 1, splits[level], folders[level])
        if self.split_levels:
            beside = folders[0] if folders else None
            return self._meaning(folders, self.split_levels[0] + 1, OUTSIDE, beside)
        if len(folders) == 1 and splits[0]:  # a split folder is no label
            return Meaning(None, splits[0], folders[0], "")
        if self.splits_below and len(folders) > 1:
            return self._meaning(folders, 0, splits[1], folders[1])
        return self._meaning(folders, 0, None, None)

    def _meaning(
        self, folders: Folders, first: int, split: str | None, split_folder: str | None
    ) -> Meaning:
        level = self.label_level or 1
        index = first + level - 1 if level > 0 else len(folders) + level
        if not first <= index < len(folders):
            return Meaning(None, split, split_folder, "")
        below = "".join(f"{name}/" for name in folders[index + 1 :])
        return Meaning(folders[index], split, split_folder, below)


def find_rule(tree: Collection[Folders], label_level: int | None = None) -> Rule:
    """Find the rule for the folders that hold photographs."""
    wrapper = _wrapper(tree)
    inner = [folder[len(wrapper) :] for folder in tree]
    # Only a split folder with folders in it is above labels.
    firsts = (
        next((level for level, name in enumerate(folders[:-1]) if split_of(name)), None)
        for folders in inner
    )
    above = {level for level in firsts if level is not None}
    named = {split_of(folders[1]) for folders in inner if len(folders) == 2} - {None}
    return Rule(wrapper, tuple(sorted(above)), not above and len(named) > 1, label_level)


def _wrapper(tree: Collection[Folders]) -> Folders:
    """The chain of folders from the root that each hold nothing but the next one."""
    common = tuple(os.path.commonprefix(list(tree)))
    if set(tree) == {common}:  # it holds photographs: a label
        common = common[:-1]
    return tuple(takewhile(lambda name: not split_of(name), common))


def split_of(name: str) -> str | None:
    """The split that a folder name means, in any case; None for other names."""
    return SPLIT_NAMES.get(name.strip().casefold())


def clean_label(name: str | None) -> str | None:
    """A normalised label: Unicode NFC, no spaces at the ends, the user's case; None for none."""
    return unicodedata.normalize("NFC", name or "").strip() or None


def parse_capture(below_label: str, pattern: str) -> str | None:
    """The capture group of a photograph: frames of one turn of one fruit share it.

    Args:
        below_label: Path of the photograph below its label folder.
        pattern: Regular expression with one group, matched from the start of the path, else from
            the start of the file name.

    Returns:
        The text of the group, ``plain`` if that is empty; None if neither matches.
    """
    match = re.match(pattern, below_label) or re.match(pattern, below_label.rsplit("/", 1)[-1])
    return (match.group(1) or "plain") if match else None


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Names that differ only in case, spaces, ``-``, ``_`` or Unicode form, in groups."""
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(_bare(name), set()).add(name)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def nearest_label(label: str, known: Collection[str]) -> str | None:
    """The known label with the most similar spelling; None if none is similar."""
    by_bare = {_bare(name): name for name in sorted(known)}
    near = get_close_matches(_bare(label), by_bare, n=1, cutoff=0.7)
    return by_bare[near[0]] if near else None


def _bare(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_-]+", " ", text).strip()
