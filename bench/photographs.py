"""The photographs that every part of the benchmark works on."""

import os
from pathlib import Path

EXTENSIONS = ("jpg", "jpeg", "JPG", "JPEG")
"""JPEG only, because the original's way stacks arrays of three channels."""
GLOB = f"*.{{{','.join(EXTENSIONS)}}}"


def list_photographs(folder: Path) -> list[Path]:
    """Every JPEG file below a folder, sorted, that Spark's ``binaryFile`` sees as well."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        found += [Path(place, name) for name in names if _is_photograph(name)]
    return sorted(found)


def _is_photograph(name: str) -> bool:
    return not name.startswith((".", "_")) and name.rpartition(".")[2] in EXTENSIONS
