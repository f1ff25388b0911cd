"""What a path says of a photograph: its label, its split, its capture group."""

import re

SPLIT_FOLDERS = {
    "training": "train",
    "train": "train",
    "test": "test",
    "validation": "validation",
    "val": "validation",
}


def parse_label(relative_path: str) -> str | None:
    """The label of a photograph: the name of its parent folder below the image root.

    A split folder is not a label: a file directly in ``Training/`` has none.
    """
    folders = relative_path.split("/")[:-1]
    if not folders:
        return None
    if folders[-1].casefold() in SPLIT_FOLDERS and parse_split(relative_path) is None:
        return None
    return folders[-1]


def parse_split(relative_path: str) -> str | None:
    """The split its grandparent folder names, in any case, or None where it names none.

    Returns:
        ``train``, ``test``, ``validation`` or None.
    """
    folders = relative_path.split("/")[:-1]
    return SPLIT_FOLDERS.get(folders[-2].casefold()) if len(folders) > 1 else None


def parse_capture(path: str, pattern: str) -> str | None:
    """The capture group of a photograph: frames of one turn of one fruit share it.

    Args:
        path: Path of the photograph; only the file name is looked at.
        pattern: Regular expression with one group, matched from the start of the name. A group
            that takes part with no text, or not at all, is a group too, named ``plain``.

    Returns:
        The group's text, or None where the name does not match.
    """
    match = re.match(pattern, path.rsplit("/", 1)[-1])
    return (match.group(1) or "plain") if match else None
