"""The photographs that every part of the benchmark works on."""

import os
from collections.abc import Sequence
from pathlib import Path

EXTENSIONS = ("jpg", "jpeg", "JPG", "JPEG")
"""JPEG only, because the original's way stacks arrays of three channels."""

GLOB = f"*.{{{','.join(EXTENSIONS)}}}"
"""The same as a pattern of Hadoop's file systems."""

MINIMUM = 5000
"""With fewer photographs, the start of Spark dominates and ratios say nothing."""


def list_photographs(folder: Path) -> list[Path]:
    """Every JPEG file below a folder, sorted by path.

    Skips names that begin with ``_`` or ``.``, as Spark's ``binaryFile`` does.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_seen(name)]
        found += [Path(place, name) for name in names if _is_seen(name) and _is_jpeg(name)]
    return sorted(found)


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most ``count`` paths, evenly spread over all of them."""
    if len(paths) <= count:
        return list(paths)
    return [paths[index * len(paths) // count] for index in range(count)]


def _is_seen(name: str) -> bool:
    return not name.startswith((".", "_"))


def _is_jpeg(name: str) -> bool:
    return name.rpartition(".")[2] in EXTENSIONS
