"""One way to name, open and replace files on a local disk or an object store."""

import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from fruits_kedro.storage.s3 import client_options


def is_local(uri: str) -> bool:
    """Whether ``uri`` is a path of this machine: without a scheme, or with ``file:``."""
    return "://" not in uri or uri.startswith("file://")


def filesystem(uri: str) -> tuple[Any, str]:
    """The fsspec filesystem of ``uri`` and the path inside it.

    Credentials and region come from the standard AWS environment, profile or role, the endpoint
    from ``AWS_ENDPOINT_URL``. Local names are literal: neither ``~`` nor ``::`` is expanded.
    """
    if is_local(uri):
        return LocalFileSystem(auto_mkdir=True), local_path(uri)
    fs, path = fsspec.core.url_to_fs(uri, **client_options(uri))
    return fs, path


def local_path(uri: str) -> str:
    """The absolute path that a local ``uri`` names."""
    return os.path.abspath(uri.removeprefix("file://"))


def join(uri: str, *names: str) -> str:
    """``uri`` with ``names`` below it."""
    return "/".join([uri.rstrip("/"), *names])


def read_bytes(uri: str) -> bytes:
    """The content of one file. Raises FileNotFoundError if there is none."""
    fs, path = filesystem(uri)
    return fs.cat_file(path)


def replace_file(uri: str, content: bytes | Iterable[bytes], media_type: str | None = None) -> None:
    """Write one file so that a reader sees the old content or the new, never a part.

    A rename on a local disk; on an object store a single PUT, or one upload of all chunks.
    ``media_type`` is its content type there; without it a browser saves a page instead of showing
    it.
    """
    fs, path = filesystem(uri)
    if is_local(uri):
        unfinished = Path(path).with_name(f".{uuid.uuid4().hex}.tmp")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    elif isinstance(content, bytes):
        fs.pipe_file(path, content, **({"ContentType": media_type} if media_type else {}))
    else:
        # Outside of a transaction an error would complete the upload of half a file.
        with fs.transaction, fs.open(path, "wb") as file:
            file.writelines(content)
