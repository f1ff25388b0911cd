"""Background photographs of copies: those of the package, or a user's folder."""

import hashlib
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal

import numpy as np
from PIL import Image

from fruits_kedro import FruitsError
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import Call, isolated
from fruits_kedro.photos.reading import read_photograph

logger = logging.getLogger(__name__)

SHIPPED = "shipped"

MOST = 200
"""Most photographs used of a folder: enough variety, read within seconds."""

_EDGE = 320
"""Side in pixels of the square that is kept of each; a copy shows at least half of it."""

_MAX_PIXELS = 200_000_000


@dataclass(frozen=True)
class Backgrounds:
    """Photographs without fruit, as JPEG files."""

    photographs: tuple[bytes, ...]

    @property
    def id(self) -> str:
        """16 hexadecimal digits of the content."""
        digests = b"".join(hashlib.sha256(file).digest() for file in self.photographs)
        return hashlib.sha256(digests).hexdigest()[:16]

    @cached_property
    def opened(self) -> tuple[Image.Image, ...]:
        """The photographs, decoded to RGB."""
        return tuple(Image.open(io.BytesIO(file)).convert("RGB") for file in self.photographs)


def shipped_backgrounds(part: Literal["train", "held_out"]) -> Backgrounds:
    """Read a set of the package's backgrounds: ``train`` for copies, ``held_out`` for scenes."""
    folder = files("fruits_kedro") / "photos" / "augmentation" / "backgrounds" / part
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return Backgrounds(tuple(file.read_bytes() for file in found if file.name.endswith(".jpg")))


def read_backgrounds(paths: Iterable[str], folder: str) -> Backgrounds:
    """Read photographs, at most ``MOST`` of them; the paths alone decide which.

    Raises:
        FruitsError: If none of them can be read.
    """
    chosen = sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest())[:MOST]
    with isolated() as call:
        read = {path: _read(path, call) for path in sorted(chosen)}
    broken = [path for path, file in read.items() if file is None]
    if len(broken) == len(chosen):
        raise FruitsError(
            f"None of the {len(chosen)} photographs in the folder of backgrounds {folder} can be "
            "read: name a folder of photographs with --params=backgrounds=FOLDER, or run without "
            "that parameter."
        )
    if broken:
        logger.warning(
            "%d of %d backgrounds cannot be read and are not used, the first is %s",
            len(broken),
            len(chosen),
            broken[0],
        )
    return Backgrounds(tuple(file for file in read.values() if file is not None))


def _read(path: str, call: Call) -> bytes | None:
    """Read a photograph as a small JPEG, in a child process: a damaged file may crash a decoder."""
    file = read_photograph(path, _MAX_PIXELS, call)
    pixels = call(decode, file.content, _EDGE) if file.content else None
    if not isinstance(pixels, np.ndarray):
        return None
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
