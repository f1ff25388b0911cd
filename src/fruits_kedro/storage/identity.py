"""Identity of a dataset: a text that changes when, and only when, its content does."""

import hashlib
import json
from typing import Any

from kedro.io import MemoryDataset

from fruits_kedro.storage.files import filesystem, is_local

HASHED_BYTES = 64 * 2**20
"""Local files up to this size are identified by sha256 (0.1 s), larger ones by size and time."""


def identity(dataset: Any) -> str | None:
    """The identity of a dataset, None if it is missing or cannot be identified.

    Tables and models name their version by ``snapshot_id()``, None if it is damaged. A single file
    is identified by its content, a value in memory by its JSON. A missing dataset with
    ``missing_ok`` is identified as missing; one that is ``volatile`` always counts as unchanged.
    """
    if getattr(dataset, "volatile", False):
        return "volatile"
    found = _stored_identity(dataset)
    # No folder of own photographs is identified by an empty text.
    return "missing" if found is None and getattr(dataset, "missing_ok", False) else found


def _stored_identity(dataset: Any) -> str | None:
    if hasattr(dataset, "snapshot_id"):
        return dataset.snapshot_id()
    if isinstance(dataset, MemoryDataset):
        return _value_identity(dataset)
    uri = getattr(dataset, "uri", None)
    return None if uri is None else _file_identity(uri)


def _file_identity(uri: str) -> str | None:
    fs, path = filesystem(uri)
    try:
        info = fs.info(path)
        if not is_local(uri):  # an object store hashes what it stores
            return str(info.get("ETag") or fs.ukey(path))
        if info["size"] > HASHED_BYTES:
            return str(fs.ukey(path))
        return hashlib.sha256(fs.cat_file(path)).hexdigest()
    except FileNotFoundError:
        return None


def _value_identity(dataset: MemoryDataset) -> str | None:
    if not dataset.exists():
        return None
    try:
        return json.dumps(dataset.load(), sort_keys=True)
    except (TypeError, ValueError):  # not plain data: unknown, so its readers run
        return None
