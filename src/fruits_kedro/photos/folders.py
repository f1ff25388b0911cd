"""Derives label and split of photographs from the tree of folders around them."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from fruits_kedro.photos.labels import split_of

Folders = tuple[str, ...]
"""The folders between the image folder and a file, outermost first."""

OUTSIDE = "outside"
"""The split of photographs beside the split folders: they neither train nor test."""


class Shape(StrEnum):
    """How split and label folders are nested."""

    SPLITS_ABOVE = "splits above labels"
    SPLITS_BELOW = "splits below labels"
    LABELS = "labels only"


@dataclass(frozen=True)
class Meaning:
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


@dataclass(frozen=True)
class Rule:
    """How label and split follow from the folders of one tree.

    Attributes:
        wrapper: Folders that contain everything else; they carry no meaning.
        shape: How splits and labels are nested.
        split_levels: Positions below ``wrapper`` at which split folders are, ascending.
        label_level: Which folder is the label: 1 is the first below the split folder, or below
            ``wrapper`` without one; -1 is the folder of the file. None is 1.
    """

    wrapper: Folders
    shape: Shape
    split_levels: tuple[int, ...]
    label_level: int | None

    def read(self, folder: Folders) -> Meaning:
        """Label and split of the files directly in one folder of the tree."""
        folders = folder[len(self.wrapper) :]
        if self.shape is not Shape.SPLITS_ABOVE:
            return self._below_root(folders)
        for level in self.split_levels:
            if level < len(folders) and split_of(folders[level]):
                return self._meaning(folders, level + 1, split_of(folders[level]), folders[level])
        beside = folders[0] if folders else None
        return self._meaning(folders, self.split_levels[0] + 1, OUTSIDE, beside)

    def _below_root(self, folders: Folders) -> Meaning:
        if len(folders) == 1 and split_of(folders[0]):  # a split folder is no label
            return Meaning(None, split_of(folders[0]), folders[0], "")
        named = folders[1] if self.shape is Shape.SPLITS_BELOW and len(folders) > 1 else None
        return self._meaning(folders, 0, split_of(named) if named else None, named)

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
    """Find the rule for a tree.

    Args:
        tree: The folders that hold photographs.
        label_level: As in ``Rule``.
    """
    wrapper = _wrapper(tree)
    inner = [folder[len(wrapper) :] for folder in tree]
    # Only a split folder with folders in it is above labels.
    above = {_first_split(folders) for folders in inner if _has_labels(folders)}
    levels = tuple(sorted(above))
    if levels:
        return Rule(wrapper, Shape.SPLITS_ABOVE, levels, label_level)
    named = {split_of(folders[1]) for folders in inner if len(folders) == 2} - {None}
    shape = Shape.SPLITS_BELOW if len(named) > 1 else Shape.LABELS
    return Rule(wrapper, shape, (), label_level)


def _wrapper(tree: Collection[Folders]) -> Folders:
    """The chain of folders from the root that each hold nothing but the next one."""
    wrapper: Folders = ()
    while True:
        depth = len(wrapper)
        top = {folders[depth] if len(folders) > depth else None for folders in tree}
        name = next(iter(top), None)
        if len(top) != 1 or name is None or split_of(name):
            return wrapper
        if all(len(folders) == depth + 1 for folders in tree):  # it holds photographs: a label
            return wrapper
        wrapper = (*wrapper, name)


def _first_split(folders: Folders) -> int:
    """Position of the first folder with the name of a split, or of the end without one."""
    return next((level for level, name in enumerate(folders) if split_of(name)), len(folders))


def _has_labels(folders: Folders) -> bool:
    return _first_split(folders) < len(folders) - 1
