"""Reading one listed file on a worker: its bytes and header, or the reason why not."""

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cache
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.photos.decoding import read_header
from fruits_kedro.photos.isolation import Call, call_directly
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.files import filesystem, is_local, local_path
from fruits_kedro.storage.s3 import credentials_problem

_MAX_SIDE = 2**31 - 1
"""The largest side that a table holds. A TIFF of 60 bytes can announce more, and is rejected."""


@dataclass(frozen=True)
class ReadFile:
    """What reading a file gave.

    Attributes:
        sha256: Hexadecimal digest of the bytes; None where they could not be read.
        width, height: Pixels as the header has them, before EXIF orientation; None without one.
        format: The decoder's name of the format, whatever the extension says.
        content: The bytes of a photograph worth keeping, else None.
        reason: None for a photograph worth keeping.
    """

    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    content: bytes | None = None
    reason: Reason | None = None


def read_photograph(path: str, max_pixels: int, call: Call = call_directly) -> ReadFile:
    """Read one file and look at its header.

    Args:
        path: Absolute path or URI, as listed.
        max_pixels: Photographs that announce more pixels are rejected before any is decoded.
        call: How the decoder is called.

    Raises:
        FruitsError: Where S3 does not accept the credentials: it would answer for no photograph.
    """
    try:
        content = _read(path)
    except FruitsError:
        raise
    except Exception:  # whatever the storage raises, it costs this row and not the run
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


def read_again(path: str, sha256: str) -> bytes | Reason:
    """The bytes of a photograph that was read before and not copied.

    Args:
        path: As listed.
        sha256: What it must still have; a file that changed is another photograph in the next run.
    """
    try:
        content = _read(path)
    except FruitsError:
        raise
    except Exception:  # as above
        return Reason.UNREADABLE
    return content if hashlib.sha256(content).hexdigest() == sha256 else Reason.UNREADABLE


def _read(path: str) -> bytes:
    if is_local(path):
        with open(local_path(path), "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{path} is no regular file")
            return file.read()
    try:
        content: bytes = _filesystem_of(path.split("://", 1)[0]).cat_file(path)
    except Exception as error:
        told = credentials_problem(str(error))
        if told:
            raise FruitsError(told) from error
        raise
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    """A name that became a pipe since the listing must not block the worker."""
    return os.open(path, flags | os.O_NONBLOCK)


@cache
def _filesystem_of(scheme: str) -> Any:
    return filesystem(f"{scheme}://bucket")[0]
