"""A folder of static files."""

import hashlib
import json
import mimetypes
import os
from typing import Any

from kedro.io import AbstractDataset

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, join, read_bytes, replace_file

_ENTRY = ("index.html", "sw.js")
"""Files that name the others: written last, so a reader never asks for a missing file."""
_TYPES = {
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".tflite": "application/octet-stream",
    ".md": "text/plain",
    "": "text/plain",
}


class StaticFolderDataset(AbstractDataset[dict[str, bytes], dict[str, bytes]]):
    """A folder of static files, local or ``s3://``, as a dictionary of content by path.

    A save replaces changed files, each atomically, keeps equal ones, and removes all others.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = filepath
        self.metadata = metadata

    def load(self) -> dict[str, bytes]:
        """Every file by its path. Raises FruitsError if nothing was saved yet."""
        names = self._sizes()
        if not names:
            raise FruitsError(
                f"There is no {self._folder} yet: run kedro run, which makes it, or name the "
                "storage of a run with --params=storage=FOLDER."
            )
        return {name: read_bytes(join(self._folder, name)) for name in sorted(names)}

    def save(self, data: dict[str, bytes]) -> None:
        """Make the folder hold these files and no others."""
        sizes = self._sizes()
        for name in sorted(data, key=lambda name: (name in _ENTRY, name)):
            uri, content = join(self._folder, name), data[name]
            if sizes.get(name) != len(content) or read_bytes(uri) != content:
                replace_file(uri, content, media_type(name))
        for name in sizes.keys() - data.keys():
            fs, path = filesystem(join(self._folder, name))
            fs.rm_file(path)

    def snapshot_id(self) -> str | None:
        """Changes with any file that was saved; None without ``sw.js``.

        ``sw.js`` holds the sha256 of the others, of which only names and sizes are read.
        """
        sizes = self._sizes()
        if "sw.js" not in sizes:
            return None
        text = json.dumps(sizes, sort_keys=True).encode()
        return hashlib.sha256(text + read_bytes(join(self._folder, "sw.js"))).hexdigest()

    def _sizes(self) -> dict[str, int]:
        fs, root = filesystem(self._folder)
        try:
            found = fs.find(root, detail=True)
        except FileNotFoundError:
            return {}
        return {path[len(root) :].lstrip("/"): entry["size"] for path, entry in found.items()}

    def _exists(self) -> bool:
        return self.snapshot_id() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._folder}


def media_type(name: str) -> str:
    """Content type of a file, for browsers."""
    ending = os.path.splitext(name)[1]
    known = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{known}; charset=utf-8" if known.startswith("text/") else known
