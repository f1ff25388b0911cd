"""The photographs that every part of the benchmark works on."""

import os
from pathlib import Path

from fruits_kedro import FruitsError

EXTENSIONS = ("jpg", "jpeg", "JPG", "JPEG")
"""The original's way stacks three-channel arrays, so that the benchmark takes JPEG only."""

GLOB = f"*.{{{','.join(EXTENSIONS)}}}"
"""The same for Hadoop's file systems."""

MINIMUM = 5000
"""Photographs below which starting Spark takes most of the time, and ratios mean nothing."""


def list_photographs(folder: Path) -> list[Path]:
    """Every JPEG file below a folder, in the order of the paths.

    Names that begin with ``_`` or ``.`` are left out: Spark's ``binaryFile``, which the original's
    way reads with, does not see them.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_seen(name)]
        found += [Path(place, name) for name in names if _is_seen(name) and _is_jpeg(name)]
    return sorted(found)


def require_enough(found: int, minimum: int, folder: Path) -> None:
    """Raise FruitsError where there are fewer photographs than a benchmark needs."""
    if found < minimum:
        raise FruitsError(
            f"too few images for a benchmark: {found} JPEG photographs below {folder}, at least "
            f"{minimum} are needed."
        )


def read_once(paths: list[Path]) -> None:
    """Read every file, so that the first part finds them in memory as all later ones do."""
    for path in paths:
        path.read_bytes()


def _is_seen(name: str) -> bool:
    return not name.startswith((".", "_"))


def _is_jpeg(name: str) -> bool:
    return name.rpartition(".")[2] in EXTENSIONS
