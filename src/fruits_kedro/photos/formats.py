"""Opens the bytes of a photograph with a decoder whose pixels can be trusted.

The format is detected from the bytes alone, never from the name. HEIC and HEIF are decoded by
pi-heif, all others by Pillow.
"""

import io
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from PIL import Image, ImageFile, TiffImagePlugin

from fruits_kedro.photos.colour import display_p3_profile
from fruits_kedro.photos.reasons import Reason

Result = TypeVar("Result")

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")

_HEVC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_GENERIC_BRANDS = (b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")

_BT_2020, _DISPLAY_P3 = 9, 12
_HIGH_DYNAMIC_RANGE = (16, 18)
"""Primaries and transfer functions of ITU-T H.273."""


def read_image(
    content: bytes, work: Callable[[Image.Image], Result], otherwise: Reason
) -> Result | Reason:
    """Open the bytes of an image file and work on it; its pixels are not decoded yet.

    Returns:
        The result of ``work``; ``heif_not_supported`` if pi-heif is missing; ``not_trusted`` if the
        decoder is known to give wrong pixels without an error; ``otherwise`` if it fails.
    """
    try:
        with _PILLOW.without_limits(), _open(content) as image:
            return work(image) if _is_trusted(image, content) else Reason.NOT_TRUSTED
    except ImportError:
        return Reason.HEIF_NOT_SUPPORTED
    except Exception:  # decoders raise anything for damaged files, from struct.error to SyntaxError
        return otherwise


def _open(content: bytes) -> Image.Image:
    if _is_heif(content):
        return HeifImageFile(io.BytesIO(content))
    return Image.open(io.BytesIO(content), formats=_FORMATS)


def _is_heif(content: bytes) -> bool:
    """Whether the bytes are HEIF and not AVIF, which Pillow decodes."""
    if content[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(content[:4]), 256)
    brands = [bytes(content[at : at + 4]) for at in (8, *range(16, end, 4))]
    if brands[0] in _HEVC_BRANDS:
        return True
    return brands[0] in _GENERIC_BRANDS and not any(brand in _AVIF_BRANDS for brand in brands)


class HeifImageFile(ImageFile.ImageFile):
    """The primary picture of a HEIF file, cropped and upright as the file says, in 8 bits.

    Not registered with Pillow, which would affect the whole process. It skips the metadata that
    pi-heif's own class reads: that class crashed on 21 of 23,000 damaged files, this one on none.
    HEIF ignores EXIF orientation. Raises ImportError if pi-heif is not installed.
    """

    format = "HEIF"

    def _open(self) -> None:
        # Private to pi-heif: tests/photos/test_formats.py names this call. If it changes, compare
        # with HeifFile.__init__ in pi_heif/heif.py of the new version.
        import _pi_heif

        threads, to_8_bits, bgr, without_stride, to_16_bits, unlimited = 1, True, False, True, 0, 0
        options = (threads, to_8_bits, bgr, without_stride, to_16_bits, "", unlimited)
        content = self.fp.read() if self.fp else b""
        pictures = _pi_heif.load_file(content, *options)
        self._picture: Any = next(picture for picture in pictures if picture and picture.primary)
        self._size, self._mode = self._picture.size_mode
        profile = self._picture.color_profile
        if profile and profile["type"] in ("rICC", "prof"):
            self.info["icc_profile"] = profile["data"]

    def load(self) -> Any:
        """Decode the pixels."""
        if self._picture is not None:
            pixels = self._picture.data
            self._size, self._mode = self._picture.size_mode  # the decoder knows the real size now
            self.load_prepare()
            self.frombytes(pixels)
            self._picture = None
        return super().load()


def _is_trusted(image: Image.Image, content: bytes) -> bool:
    """Whether the decoder shows what the file says."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _is_trusted_tiff(image)
    return image.format not in ("AVIF", "HEIF") or _is_trusted_heif(image, content)


def _is_trusted_heif(image: Image.Image, content: bytes) -> bool:
    """Whether the crop, rotation and colours that a HEIF or AVIF asks for are applied.

    Pillow ignores an AVIF's crop and always rotates before it mirrors. Neither decoder converts
    colours that are named by numbers instead of a profile; Display P3 gets a profile here. Both
    formats are nested boxes (ISO/IEC 23008-12); the box ``meta`` says how to show the pixels.
    """
    start = content.find(b"meta")
    meta = content[start : start + int.from_bytes(content[max(start - 4, 0) : start])]
    if image.format == "AVIF":
        turn, mirror = meta.find(b"irot"), meta.find(b"imir")
        if b"clap" in meta or 0 <= mirror < turn:
            return False
    named = meta.find(b"colrnclx")
    if named < 0 or "icc_profile" in image.info:
        return True
    primaries, transfer = struct.unpack_from(">2H", meta, named + 8)
    if primaries == _DISPLAY_P3:
        image.info["icc_profile"] = display_p3_profile()
    return primaries != _BT_2020 and transfer not in _HIGH_DYNAMIC_RANGE


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
