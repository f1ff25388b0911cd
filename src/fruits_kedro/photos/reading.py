"""Reads one file on a worker: its bytes and header, or the reason for its rejection."""

import hashlib
import operator
import os
import stat
from typing import NamedTuple

from fruits_kedro import FruitsError
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.decoding import read_header
from fruits_kedro.photos.isolation import Call
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.files import filesystem, is_local, local_path
from fruits_kedro.storage.s3 import credentials_problem

_MAX_SIDE = 2**31 - 1
"""Largest side that fits the table. A TIFF of 60 bytes can announce more; it is rejected."""


class ReadFile(NamedTuple):
    """The result of reading a file.

    Attributes:
        sha256: Hexadecimal digest of the bytes; None if they could not be read.
        width, height: Pixels that the header announces, before EXIF orientation; None without one.
        format: The decoder's name of the format, whatever the extension says.
        content: The bytes of a photograph; None for a rejected file.
        reason: Why the file is rejected; None for a photograph.
    """

    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    content: bytes | None = None
    reason: Reason | None = None


def read_within(path: str, size: int, parameters: IngestionParameters, call: Call) -> ReadFile:
    """Read one file, or reject it unread if the listing says that it is too large."""
    if size > parameters.max_bytes:
        return ReadFile(reason=Reason.TOO_MANY_BYTES)
    return read_photograph(path, parameters.max_pixels, call)


def read_photograph(path: str, max_pixels: int, call: Call = operator.call) -> ReadFile:
    """Read the file at a listed path or URI, and look at its header by ``call``.

    A photograph whose header announces more than ``max_pixels`` is rejected.

    Raises:
        FruitsError: If S3 rejects the credentials, as it would for every photograph.
    """
    content = _read(path)
    if content is None:
        return ReadFile(reason=Reason.UNREADABLE)
    digest = hashlib.sha256(content).hexdigest()
    if not content:
        return ReadFile(digest, reason=Reason.EMPTY_FILE)
    header = call(read_header, content)
    if isinstance(header, Reason):
        return ReadFile(digest, reason=header)
    size = (min(header.width, _MAX_SIDE), min(header.height, _MAX_SIDE), header.format)
    if header.width * header.height > max_pixels:
        return ReadFile(digest, *size, reason=Reason.TOO_MANY_PIXELS)
    return ReadFile(digest, *size, content)


def read_again(path: str, sha256: str) -> bytes | None:
    """Read a photograph whose bytes were not copied into the storage.

    Returns:
        The bytes; None if the file is gone or no longer has this digest, in which case the next
        run lists it as another photograph.
    """
    content = _read(path)
    return content if content and hashlib.sha256(content).hexdigest() == sha256 else None


def _read(path: str) -> bytes | None:
    """The content of a file; None if it cannot be read, which costs this row and not the run."""
    try:
        if not is_local(path):
            fs, _ = filesystem(path.split("://")[0] + "://bucket")  # a key may contain "::"
            return fs.cat_file(path)
        # Since the listing a pipe may have taken the place of the file: opening it would block.
        with open(
            local_path(path), "rb", opener=lambda p, f: os.open(p, f | os.O_NONBLOCK)
        ) as file:
            return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except Exception as error:  # storages raise anything
        problem = None if is_local(path) else credentials_problem(str(error))
        if problem:
            raise FruitsError(problem) from error
        return None
