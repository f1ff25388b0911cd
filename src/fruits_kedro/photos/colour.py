"""Converts pixels with an embedded ICC profile to sRGB.

The network was trained on sRGB pixels, and browsers convert photographs to sRGB for the app. Phones
store Display P3, whose numbers look duller if they are read as sRGB.
"""

import io
import struct
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

_SAME = 2
"""Largest difference, of 255 levels, of a profile that counts as sRGB. The sRGB profiles of
scanners, cameras and editors differ by at most 1, Display P3 by 112."""

_P3_PRIMARIES = {
    b"rXYZ": (0.5151, 0.2412, -0.0011),
    b"gXYZ": (0.2920, 0.6922, 0.0419),
    b"bXYZ": (0.1571, 0.0666, 0.7841),
}
"""Primaries of Display P3 in an ICC profile, whose white is D50."""


@cache
def display_p3_profile() -> bytes:
    """The profile of Display P3: the tone curve of sRGB with other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # date of creation
    for index in range(int.from_bytes(profile[128:132])):
        entry = 132 + 12 * index
        primary = _P3_PRIMARIES.get(bytes(profile[entry : entry + 4]))
        if primary:
            start = int.from_bytes(profile[entry + 4 : entry + 8]) + 8
            fixed_point = (round(value * 65536) for value in primary)
            profile[start : start + 12] = struct.pack(">3i", *fixed_point)
    return bytes(profile)


def transform_of(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """The transform of the embedded profile to sRGB if it changes pixels, else None."""
    profile = image.info.get("icc_profile")
    return _to_srgb(profile, _plain_mode(image)) if isinstance(profile, bytes) else None


def to_rgb(image: Image.Image, transform: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """Convert an image of up to 8 bits per channel to RGB in sRGB, without its alpha channel."""
    if transform is None:
        return image.convert("RGB")
    mode = _plain_mode(image)
    return transform.apply(image if image.mode == mode else image.convert(mode))


def _plain_mode(image: Image.Image) -> str:
    """The mode to which a profile applies: one, three or four channels, without alpha."""
    if image.mode == "CMYK":
        return "CMYK"
    return "L" if image.mode.startswith(("1", "L", "I")) and image.mode != "LAB" else "RGB"


@lru_cache(maxsize=16)  # a folder holds a few cameras' profiles; one of CMYK takes 0.5 MB
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform to sRGB; None for sRGB itself and for broken profiles.

    Relative colorimetric with black point compensation: colours that sRGB has keep their exact
    values, white stays white, and the black of a printing profile becomes black. The perceptual
    intent would move every colour of a printing profile.
    """
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if _changes_nothing(transform, mode) else transform
    except Exception:  # a damaged profile raises any exception; the pixels are used as stored
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a transform moves no colour of a grid by more than ``_SAME``."""
    if mode == "CMYK":
        return False
    steps = np.linspace(0, 255, 17).round().astype(np.uint8)
    if mode == "L":
        colours = steps[np.newaxis]
    else:
        colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(17, -1, 3)
    image = Image.fromarray(colours)
    moved = np.abs(np.asarray(transform.apply(image), np.int16) - np.asarray(image.convert("RGB")))
    return bool(moved.max() <= _SAME)
