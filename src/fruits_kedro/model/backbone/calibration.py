"""Photographs that show an int8 network which ranges its numbers take."""

import hashlib

import numpy as np
import numpy.typing as npt

from fruits_kedro.photos.batches import contents
from fruits_kedro.photos.decoding import decode
from fruits_kedro.storage.heavy_types import DataFrame

Pixels = npt.NDArray[np.uint8]


def no_calibration(image_size: int) -> Pixels:
    """What a float32 network is calibrated on: no photograph."""
    return np.zeros((0, image_size, image_size, 3), np.uint8)


def calibration_pixels(photographs: DataFrame, count: int, size: int, scaled: bool) -> Pixels:
    """The first photographs by sha256, which is as good as a draw and the same in every run.

    Args:
        photographs: Rows with ``path``, ``sha256`` and ``bytes``.
        count: Photographs, at most.
        size, scaled: See ``photos.decoding.decode``.

    Returns:
        ``(n, size, size, 3)`` uint8, without photographs that cannot be decoded.
    """
    rows = photographs.orderBy("sha256").limit(count).select("path", "sha256", "bytes").toArrow()
    decoded = [
        decode(content, size, scaled) for content in contents(rows) if isinstance(content, bytes)
    ]
    pixels = [image for image in decoded if isinstance(image, np.ndarray)]
    return np.stack(pixels) if pixels else no_calibration(size)


def calibration_id(pixels: Pixels) -> str:
    """16 hexadecimal digits of the pixels; empty for none."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16] if len(pixels) else ""
