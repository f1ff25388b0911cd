"""Opens the bytes of a photograph with a decoder whose pixels can be trusted.

The format is detected from the bytes alone, never from the name.
"""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from PIL import Image, TiffImagePlugin

from fruits_kedro.photos.heif import is_heif, open_heif, shows_what_is_stored
from fruits_kedro.photos.reasons import Reason

Result = TypeVar("Result")

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


class _RefusedError(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason = reason


def read_image(
    content: bytes, work: Callable[[Image.Image], Result], otherwise: Reason
) -> Result | Reason:
    """Open an image file and work on it.

    Args:
        content: The file's bytes.
        work: Called with the opened image, whose pixels are not decoded yet.
        otherwise: The reason to return if the decoder fails.

    Returns:
        The result of ``work``; ``heif_not_supported`` if pi-heif is missing; ``not_trusted`` if the
        decoder is known to give wrong pixels without an error; ``otherwise`` if it fails.
    """
    try:
        with _PILLOW.without_limits(), _opened(content) as image:
            return work(image)
    except _RefusedError as refused:
        return refused.reason
    except Exception:  # decoders raise anything for damaged files, from struct.error to SyntaxError
        return otherwise


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    with _open(content) as image:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            trusted = _is_trusted_tiff(image)
        else:
            trusted = image.format not in ("AVIF", "HEIF") or shows_what_is_stored(image, content)
        if not trusted:
            raise _RefusedError(Reason.NOT_TRUSTED)
        yield image


def _open(content: bytes) -> Image.Image:
    if not is_heif(content):
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    try:
        return open_heif(content)
    except ImportError:
        raise _RefusedError(Reason.HEIF_NOT_SUPPORTED) from None


def _is_trusted_tiff(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether Pillow decodes this kind of TIFF rightly; others give wrong pixels without an error.

    Source: Pillow 13.0 compared with libvips 8.18 and with the pixels that were written.
    """
    tags = image.tag_v2
    bits = set(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    numbers = set(tags.get(TiffImagePlugin.SAMPLEFORMAT, (1,)))
    photometric = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 0)
    planes = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    if numbers != {1} or bits not in ({1}, {2}, {4}, {8}, {16}):
        return False  # signed, floating or of 32 bits: no scale that leads to 8 bits
    if photometric not in (0, 1, 2, 3, 5, 6):
        return False  # CIE Lab: decoded as if it were sRGB
    if bits == {16} and photometric == 0:
        return False  # white is zero: decoded as a negative
    if tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1) == 1:
        return True
    # Planes apart: noise in 16 bits; alpha shown instead of grey; a negative where white is zero.
    return photometric != 0 if planes == 1 else planes > 2 and bits == {8}


class _Pillow:
    """Switches Pillow's process-wide pixel limit and warnings off while threads decode.

    They are restored after the last thread, so a notebook keeps them for its own calls. The run
    checks ``ingestion.max_pixels`` against the header instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._restore = ExitStack()

    @contextmanager
    def without_limits(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._restore.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
                self._restore.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._restore.close()


_PILLOW = _Pillow()
