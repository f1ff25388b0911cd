"""Small files kept together as one version, each verified by its sha256 when it is loaded."""

import hashlib
import re
from collections.abc import Mapping
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
    found: dict[str, bytes] = {}
    for name, file in _named(saved(folder)).items():
        if not names or name in names:
            content = _unaltered(folder, file)
            if content is None:
                raise FruitsError(
                    f"{join(folder.uri, file.name)} is missing or not what this project wrote (its "
                    "sha256 differs): run kedro run, which makes it again."
                )
            found[name] = content
    return found


def load_unaltered(folder: Folder) -> dict[str, bytes]:
    """Files of the current version without those that are missing or were altered."""
    read = {name: _unaltered(folder, file) for name, file in _named(saved(folder)).items()}
    return {name: content for name, content in read.items() if content is not None}


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
    return all(_unaltered(folder, file) is not None for file in manifest.files)


def _named(manifest: Manifest) -> dict[str, StoredFile]:
    """Files by the names that they were saved under, without the digits of their digests."""
    digest = re.compile(r"-[0-9a-f]{16}(?=\.\w+$)")
    return {digest.sub("", file.name): file for file in manifest.files}


def _unaltered(folder: Folder, file: StoredFile) -> bytes | None:
    try:
        content = read_bytes(join(folder.uri, file.name))
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == file.sha256 else None
