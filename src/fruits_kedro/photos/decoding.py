"""Decodes the bytes of a photograph to the pixels that the network takes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageCms import ImageCmsTransform
from PIL.TiffImagePlugin import COLORMAP, TiffImageFile

from fruits_kedro.photos.colour import to_rgb, transform_of
from fruits_kedro.photos.formats import read_image
from fruits_kedro.photos.reasons import Reason

Pixels = npt.NDArray[np.uint8]
"""``(height, width, 3)``, RGB."""

_BAND_PIXELS = 4 << 20
"""Pixels converted at a time. A small file may announce 200 megapixels, and each step of a
conversion takes 4 to 8 bytes per pixel."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Header(NamedTuple):
    """Pixels of an image file before EXIF orientation, and the decoder's name of its format."""

    width: int
    height: int
    format: str


def read_header(content: bytes) -> Header | Reason:
    """Read the header of an image file, or say why it is not a photograph."""
    return read_image(
        content,
        lambda image: Header(image.width, image.height, image.format or ""),
        Reason.NOT_AN_IMAGE,
    )


def decode(content: bytes, size: int, scaled: bool = True) -> Pixels | Reason:
    """Decode a photograph: first frame, upright, in sRGB, on white, resized to a square.

    Resizing is bicubic, as in the original notebook (``Image.resize``'s default); bilinear changes
    features by up to 1.3. If ``scaled``, the JPEG decoder scales width and height of a large
    photograph to 1/2, 1/4 or 1/8, as long as at least ``size`` pixels remain (``Image.draft``).

    Returns:
        ``(size, size, 3)`` uint8, or the reason why the photograph has no pixels.
    """

    def pixels(image: Image.Image) -> Pixels:
        if scaled:
            image.draft(None, (size, size))
        upright = _to_rgb(_upright(image))
        return np.asarray(upright.resize((size, size), Image.Resampling.BICUBIC))

    return read_image(content, pixels, Reason.UNDECODABLE)


def shrink(content: bytes, side: int, max_pixels: int) -> tuple[Image.Image, int] | Reason:
    """Decode a photograph to a thumbnail: upright, in sRGB, on white, never enlarged.

    ``side`` is the largest size of the longer side. A photograph whose header announces more than
    ``max_pixels`` is not decoded.

    Returns:
        The thumbnail and the number of pixels in the header; or the reason why there is none.
    """

    def thumbnail(image: Image.Image) -> tuple[Image.Image, int] | Reason:
        pixels = image.width * image.height
        if pixels > max_pixels:
            return Reason.TOO_MANY_PIXELS
        image.draft(None, (side, side))
        small = _to_rgb(_upright(image))
        small.thumbnail((side, side), Image.Resampling.BICUBIC)
        return small, pixels

    return read_image(content, thumbnail, Reason.UNDECODABLE)


def _upright(image: Image.Image) -> Image.Image:
    stored = _loaded(image)
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF data: the pixels are used as stored
        turn = None
    return stored if turn is None else stored.transpose(turn)


def _loaded(image: Image.Image) -> Image.Image:
    """Decode the pixels, and correct two formats that Pillow decodes wrongly without an error."""
    frame = whole = (0, 0, *image.size)
    if isinstance(image, GifImageFile):
        frame = image.tile[0].extents or whole
    image.load()
    if frame != whole:  # Pillow shows the rest of the screen in the first colour
        screen = Image.new("RGB", image.size, "white")
        screen.paste(_to_rgb(image.crop(frame)), frame)
        return screen
    if isinstance(image, TiffImageFile) and image.mode == "P":
        colours = np.array(image.tag_v2[COLORMAP])
        if colours.max() < 256:  # of 8 instead of 16 bits, which Pillow shows as black
            image.putpalette(colours.reshape(3, -1).T.astype(np.uint8).tobytes())
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    transform = transform_of(image)
    if image.mode == "RGB" and not image.has_transparency_data and transform is None:
        return image
    rows = max(1, _BAND_PIXELS // image.width)
    if image.height <= rows:
        return _band_to_rgb(image, transform)
    result = Image.new("RGB", image.size)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(_band_to_rgb(band, transform), (0, top))
    return result


def _band_to_rgb(image: Image.Image, transform: ImageCmsTransform | None) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow's own conversion clips values above 255 to white
        grey = np.rint(np.asarray(image, dtype=np.float64) / 257.0).astype(np.uint8)
        return to_rgb(Image.fromarray(grey), transform)
    if not image.has_transparency_data:
        return to_rgb(image, transform)
    layer = image.convert("RGBA")
    if transform is not None:
        alpha = layer.getchannel("A")
        layer = to_rgb(image, transform)
        layer.putalpha(alpha)
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
