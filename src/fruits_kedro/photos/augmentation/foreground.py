"""Cuts a fruit out of a photograph with a plain (studio) background."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from fruits_kedro.photos.decoding import Pixels

Mask = npt.NDArray[np.bool_]

_WORK = 112
"""Side of the square in which the outline is found: finer detail is an artefact of sharpening."""


class CutOut(NamedTuple):
    """A fruit's bounding box, RGBA, and the colour of its background, RGB."""

    image: Image.Image
    background: tuple[int, int, int]


def uniform_border(pixels: Pixels) -> bool:
    """Whether the border of a square photograph has one colour, as in a studio."""
    return _studio_of(Image.fromarray(pixels)) is not None


def cut_out(pixels: Pixels) -> CutOut | None:
    """Cut a fruit from a background of one colour.

    None if the border has more than one colour, or nothing or everything differs from it.
    """
    picture = Image.fromarray(pixels)
    studio = _studio_of(picture)
    if studio is None:
        return None
    small = np.asarray(picture.resize((_WORK, _WORK), Image.Resampling.BOX), np.float32)
    colour, tolerance = studio
    difference = np.abs(small - colour).max(axis=2)
    fruit = _fruit_in(difference, tolerance)
    if not 0.03 < fruit.mean() < 0.97:  # of the frame
        return None
    alpha = _soft_edge(fruit, picture.size)
    box = alpha.getbbox()
    if box is None:
        return None
    image = picture.convert("RGBA")
    image.putalpha(alpha)
    red, green, blue = (int(value) for value in colour)
    return CutOut(image.crop(box), (red, green, blue))


def _studio_of(picture: Image.Image) -> tuple[npt.NDArray[np.float32], float] | None:
    """Colour of the border, and the difference within which a pixel is background.

    The border are the outer two pixels on each side, at the size of ``_WORK``.
    """
    side, edge = picture.width, 2 * picture.width / _WORK
    strips = (
        ((_WORK, 2), (0, 0, side, edge)),
        ((_WORK, 2), (0, side - edge, side, side)),
        ((2, _WORK - 4), (0, edge, edge, side - edge)),
        ((2, _WORK - 4), (side - edge, edge, side, side - edge)),
    )
    small = [picture.resize(size, Image.Resampling.BOX, box) for size, box in strips]
    border = np.concatenate([np.asarray(strip, np.float32).reshape(-1, 3) for strip in small])
    colour = np.median(border, axis=0)
    off = np.abs(border - colour).max(axis=1)
    uniform = off < 24  # of 255 levels
    if uniform.mean() < 0.6:  # the fruit may touch the rest
        return None
    noise = float(np.percentile(off[uniform], 90))
    return colour, min(max(2.5 * noise + 6, 10.0), 30.0)


def _fruit_in(difference: npt.NDArray[np.float32], tolerance: float) -> Mask:
    """Large connected components with holes filled (highlights look like the background).

    Without the pale edge, where the camera mixes fruit and background: of the outer six pixels only
    those stay that differ clearly.
    """
    from scipy import ndimage

    closed = ndimage.binary_closing(np.pad(difference > tolerance, 3), iterations=2)[3:-3, 3:-3]
    opened = ndimage.binary_opening(ndimage.binary_fill_holes(closed), iterations=1)
    parts, _ = ndimage.label(opened)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    fruit = (sizes >= 0.2 * sizes.max())[parts] & opened
    core = ndimage.binary_erosion(fruit, iterations=6, border_value=1)
    filled: Mask = ndimage.binary_fill_holes(core | (fruit & (difference > 60)))
    return filled


def _soft_edge(fruit: Mask, size: tuple[int, int]) -> Image.Image:
    """An alpha channel slightly inside the outline, whose edge is mixed with white."""
    from scipy import ndimage

    inside = ndimage.binary_erosion(fruit, iterations=2, border_value=1)
    mask = Image.fromarray(inside.astype(np.uint8) * 255)
    return mask.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.8))
