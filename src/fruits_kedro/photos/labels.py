"""Splits, labels, capture groups and look-alikes, from the names of folders and files."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches

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


def split_of(name: str) -> str | None:
    """The split that a folder name means, in any case; None for other names."""
    return SPLIT_NAMES.get(name.strip().casefold())


def clean_label(name: str) -> str | None:
    """A normalised label: Unicode NFC, no spaces at the ends, the user's case.

    Returns:
        None for a name of spaces only.
    """
    return unicodedata.normalize("NFC", name).strip() or None


def parse_capture(below_label: str, pattern: str) -> str | None:
    """The capture group of a photograph: frames of one turn of one fruit share it.

    Args:
        below_label: Path of the photograph below its label folder.
        pattern: Regular expression with one group, matched from the start of the path, else from
            the start of the file name. A group that matches no text is named ``plain``.

    Returns:
        The text of the group, or None if neither matches.
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
