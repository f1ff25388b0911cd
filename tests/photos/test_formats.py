"""Opening files: what they are by content, what is not trusted, HEIF, Pillow's own settings."""

import io
import sys
import threading
import warnings
from itertools import product

import numpy as np
import pytest
import pyvips
from corpus import Kept, Kind, encode, jpeg, kinds, picture
from odd_files import BLACK_IS_ZERO, CMYK, RGB, WHITE_IS_ZERO, srgb_profile, tiff
from PIL import Image

from fruits_kedro.photos.decoding import decode, read_header
from fruits_kedro.photos.formats import HeifImageFile, read_image
from fruits_kedro.photos.reasons import Reason

HEIC = next(kind for kind in kinds() if kind.name == "heic")
SIZE = 48
BY_LIBVIPS = [
    kind
    for kind in kinds()
    if isinstance(kind.outcome, Kept)
    and kind.path.split("/")[1] in ("Formats", "Transparent", "Turned", "Colours", "Odd")
    # libvips shows an empty screen black, does not convert colours that are named by number, and
    # its wheel reads no BMP.
    and kind.name not in {"gif below its screen", "display p3 by number", "bmp"}
]


@pytest.mark.parametrize("kind", BY_LIBVIPS, ids=lambda kind: kind.name)
def test_libvips_sees_the_same(kind: Kind):
    seen = pyvips.Image.new_from_buffer(kind.content, "").autorot()
    if "icc-profile-data" in seen.get_fields():
        try:
            seen = seen.icc_transform("srgb", embedded=True, black_point_compensation=True)
        except pyvips.Error:
            seen = seen.colourspace("srgb")
    elif seen.interpretation == "cmyk":
        pytest.skip("without a profile, libvips takes one of its own")
    seen = seen.colourspace("srgb")
    if seen.hasalpha():
        seen = seen.flatten(background=[255, 255, 255])
    values = seen.cast("uchar").numpy()
    values = np.broadcast_to(values.reshape(seen.height, seen.width, -1), (*values.shape[:2], 3))
    expected = Image.fromarray(np.ascontiguousarray(values)).resize((SIZE, SIZE), 3)
    pixels = decode(kind.content, SIZE, scaled=False)
    assert not isinstance(pixels, Reason)
    assert np.abs(pixels - np.asarray(expected, np.float64)).mean() < 3


def test_no_tiff_is_decoded_wrongly_without_a_reason():
    """Every combination of colours, bits, order of bytes and planes that is worth a question."""
    photo = picture("any tiff")
    rgb, grey = np.asarray(photo), np.asarray(photo.convert("L"))[..., np.newaxis]
    opaque, ink = np.full_like(grey, 255), 255 - rgb
    colours = {
        "rgb": (rgb, RGB, photo),
        "rgba": (np.concatenate([rgb, opaque], -1), RGB, photo),
        "cmyk": (np.concatenate([ink, 0 * opaque], -1), CMYK, photo),
        "grey": (grey, BLACK_IS_ZERO, photo.convert("L")),
        "grey alpha": (np.concatenate([grey, opaque], -1), BLACK_IS_ZERO, photo.convert("L")),
        "negative": (255 - grey, WHITE_IS_ZERO, photo.convert("L")),
    }
    scales = {"uint8": 1, "uint16": 257, "uint32": 257 << 16 | 257, "float32": 1 / 255}
    scales["int16"] = 128
    reasons, wrong = {}, []
    for colour, kind, order, in_planes in product(colours, scales, "<>", (False, True)):
        values, photometric, shown = colours[colour]
        scaled = (values.astype(float) * scales[kind]).astype(kind)
        content = tiff(scaled, photometric, in_planes=in_planes, order=order)
        pixels = decode(content, SIZE)
        if isinstance(pixels, Reason):
            reasons[colour, kind, order, in_planes] = pixels
            continue
        expected = np.asarray(shown.convert("RGB").resize((SIZE, SIZE), 3), np.float64)
        if np.abs(pixels - expected).mean() > 1:
            wrong.append((colour, kind, order, in_planes))
    assert wrong == []
    assert set(reasons.values()) <= {Reason.NOT_TRUSTED, Reason.UNDECODABLE}
    common = set(product(("rgb", "grey"), ("uint8", "uint16"), "<", (False,)))
    assert not common & set(reasons)


def test_without_pi_heif_a_heic_has_its_own_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "_pi_heif", None)
    assert read_header(HEIC.content) is Reason.HEIF_NOT_SUPPORTED
    assert decode(HEIC.content, SIZE) is Reason.HEIF_NOT_SUPPORTED
    assert not isinstance(decode(jpeg(picture("jpeg")), SIZE), Reason)


def test_the_private_call_of_pi_heif_gives_what_its_own_class_gives():
    """``_pi_heif.load_file`` is private: a new version may break ``formats.HeifImageFile``."""
    as_plugin = pytest.importorskip("pi_heif.as_plugin")
    classes = as_plugin.HeifImageFile, HeifImageFile
    theirs, ours = (cls(io.BytesIO(HEIC.content)) for cls in classes)
    assert (ours.size, ours.mode) == (theirs.size, theirs.mode)
    assert ours.info.get("icc_profile") == theirs.info.get("icc_profile")
    assert ours.tobytes() == theirs.tobytes()


def test_a_heic_with_a_damaged_name_does_not_end_the_process():
    """The class of pi-heif 1.4 ends it where the name of a metadata block is no UTF-8."""
    damaged = HEIC.content.replace(b"Exif", b"Ex\xeef", 1)
    assert damaged != HEIC.content
    assert np.array_equal(decode(damaged, SIZE), decode(HEIC.content, SIZE))


def test_pi_heif_is_not_registered_for_the_whole_process():
    decode(HEIC.content, SIZE)
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(HEIC.content))


def test_the_pixel_limit_and_warnings_of_a_notebook_stay(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    filters = list(warnings.filters)
    content = encode(picture("larger than the limit"), "PNG")
    assert not isinstance(decode(content, SIZE), Reason)
    assert Image.MAX_IMAGE_PIXELS == 100
    assert warnings.filters == filters
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(content))


def test_the_pixel_limit_stays_off_until_the_last_thread_has_finished(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    content = encode(picture("two threads"), "PNG")
    inside, leave = threading.Event(), threading.Event()

    def wait(_: Image.Image) -> None:
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=read_image, args=(content, wait, Reason.UNDECODABLE))
    thread.start()
    assert inside.wait(10)
    decode(content, SIZE)
    assert Image.MAX_IMAGE_PIXELS is None
    leave.set()
    thread.join()
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("profile", [b"x", bytes(128), srgb_profile()[:200], b"no profile" * 50])
def test_a_broken_profile_is_ignored(profile):
    photo = picture("broken profile")
    pixels = decode(encode(photo, "PNG", icc_profile=profile), SIZE)
    assert np.array_equal(pixels, decode(encode(photo, "PNG"), SIZE))
