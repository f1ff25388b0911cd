"""Photographs beside their copies on one sheet, to be looked at."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fruits_kedro.photos.augmentation.foreground import Pixels

_TILE, _GAP = 112, 2


def draw_contact_sheet(rows: Sequence[Sequence[Pixels]]) -> bytes:
    """A sheet of pictures, the first of each row being the photograph itself.

    Args:
        rows: Pictures ``(size, size, 3)`` uint8, RGB.

    Returns:
        A JPEG file.
    """
    step = _TILE + _GAP
    columns = max((len(row) for row in rows), default=1)
    sheet = Image.new("RGB", (columns * step, max(len(rows), 1) * step), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            tile = Image.fromarray(np.asarray(pixels)).resize((_TILE, _TILE))
            sheet.paste(tile, (x * step, y * step))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
