"""From the bytes of a photograph to the pixels the backbone takes."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from fruits_kedro.photos.reasons import Reason

# The run has a limit of its own (ingestion.max_pixels), checked on the header and told as a reason.
Image.MAX_IMAGE_PIXELS = None

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_BAND_PIXELS = 4 << 20
"""Pixels converted at once: a small file may announce 200 megapixels, and every layer of a
conversion costs 4 to 8 bytes of each."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Header:
    """What an image file announces before its pixels are decoded."""

    width: int
    height: int
    format: str


def read_header(content: bytes) -> Header | Reason:
    """The size and format an image file announces, or why it is none."""
    try:
        with _opened(content) as image:
            return Header(image.width, image.height, image.format or "")
    except Exception:  # decoders of damaged files raise anything, struct.error to SyntaxError
        return Reason.NOT_AN_IMAGE


def decode(content: bytes, size: int, scaled: bool = True) -> npt.NDArray[np.uint8] | Reason:
    """The pixels of a photograph, upright, in RGB, on white, resized.

    Resizing is bicubic without cropping, as in the original notebook (``Image.resize``'s default);
    bilinear changes features by up to 1.3.

    Args:
        content: The file's bytes.
        size: Pixels of each side.
        scaled: Let the JPEG decoder give 1/2, 1/4 or 1/8 of the width and height of a large
            photograph, as long as ``size`` is left (``Image.draft``).

    Returns:
        ``(size, size, 3)`` uint8, or the reason why there are none.
    """
    try:
        with _opened(content) as image:
            if scaled:
                image.draft(None, (size, size))
            upright = _upright(image)
            return np.asarray(_to_rgb(upright).resize((size, size), Image.Resampling.BICUBIC))
    except Exception:  # as above: any exception of a decoder is a damaged photograph
        return Reason.UNDECODABLE


def shrink(content: bytes, side: int, max_pixels: int) -> tuple[Image.Image, int] | Reason:
    """A photograph, upright, in RGB, on white, within ``side`` pixels; never made larger.

    Returns:
        The picture, and how many pixels the header announced; or the reason why there is none.
    """
    try:
        with _opened(content) as image:
            pixels = image.width * image.height
            if pixels > max_pixels:
                return Reason.TOO_MANY_PIXELS
            image.draft(None, (side, side))
            small = _to_rgb(_upright(image))
            small.thumbnail((side, side), Image.Resampling.BICUBIC)
            return small, pixels
    except Exception:  # as above
        return Reason.UNDECODABLE


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            yield image


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF data says nothing of the pixels: they stand as stored
        turn = None
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    is_deep = _is_deep(image)
    rows = max(1, _BAND_PIXELS // image.width)
    if image.height <= rows:
        return _band_to_rgb(image, is_deep)
    result = Image.new("RGB", image.size)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(_band_to_rgb(band, is_deep), (0, top))
    return result


def _band_to_rgb(image: Image.Image, is_deep: bool) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _to_eight_bits(image, is_deep).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    """Whether values go up to 65535; a mode of 32 bits does not tell."""
    if image.mode in ("I", "F"):
        return bool(np.asarray(image.getextrema()).max() > 255)
    return image.mode.startswith("I;16")


def _to_eight_bits(image: Image.Image, is_deep: bool) -> Image.Image:
    """Scale 16-bit grey values to 8 bits; Pillow's own conversion clips them to white."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    if is_deep:
        values /= 257.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
