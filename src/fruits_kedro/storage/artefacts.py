"""Small files kept together as one version, each verified by its sha256 when it is loaded."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import join, read_bytes, replace_file
from fruits_kedro.storage.manifest import Folder, Manifest, StoredFile


def save_files(folder: Folder, files: Mapping[str, bytes], notes: Mapping[str, Any]) -> Manifest:
    """Make ``files``, content by ``stem.extension``, the whole artefact, with JSON ``notes``.

    A file is stored under its name and the first digits of its digest, so that a reader finds the
    old version or the new one, never one file of each.
    """
    stored = []
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        stem, _, extension = name.rpartition(".")
        file = StoredFile(f"{stem}-{digest[:16]}.{extension}", 1, len(content), digest)
        replace_file(join(folder.uri, file.name), content)
        stored.append(file)
    return folder.commit(stored, notes)


def load_files(folder: Folder, *names: str) -> dict[str, bytes]:
    """Named files of the current version, or all of them, verified.

    Raises:
        FruitsError: If nothing was saved, or a file is missing or was altered.
    """
    files = {_name_of(file): file for file in saved(folder).files}
    return {name: _verified(folder, files[name]) for name in files if not names or name in names}


def load_unaltered(folder: Folder) -> dict[str, bytes]:
    """Files of the current version without those that are missing or were altered."""
    found: dict[str, bytes] = {}
    for file in saved(folder).files:
        with suppress(FruitsError):
            found[_name_of(file)] = _verified(folder, file)
    return found


def saved(folder: Folder) -> Manifest:
    """The current version. Raises FruitsError if nothing was saved yet."""
    manifest = folder.current()
    if manifest is None:
        raise FruitsError(
            f"There is nothing at {folder.uri} yet: run the pipelines that make it first "
            "(kedro run runs all of them)."
        )
    return manifest


def is_unaltered(folder: Folder, manifest: Manifest) -> bool:
    """Whether every file still has the content that was written."""
    try:
        for file in manifest.files:
            _verified(folder, file)
    except FruitsError:
        return False
    return True


def _name_of(file: StoredFile) -> str:
    stem, _, rest = file.name.rpartition("-")
    return f"{stem}.{rest.partition('.')[2]}"


def _verified(folder: Folder, file: StoredFile) -> bytes:
    uri = join(folder.uri, file.name)
    try:
        content = read_bytes(uri)
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise FruitsError(
            f"{uri} is missing or not what this project wrote (its sha256 differs): run kedro run, "
            "which makes it again."
        )
    return content
