"""Decoding: every kind of the corpus, and whatever bytes there are."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from corpus import Kept, Kind, Rejected, encode, jpeg, kinds, picture, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fruits_kedro.photos import decoding
from fruits_kedro.photos.decoding import Header, decode, read_header
from fruits_kedro.photos.reasons import Reason

SIZE = 48
FUZZ_PIXELS = 1_000_000
TOO_SLOW = [HealthCheck.too_slow]
OPEN_ENDED = settings(deadline=None, derandomize=True, suppress_health_check=TOO_SLOW)
KEPT = [kind for kind in kinds() if isinstance(kind.outcome, Kept)]
DAMAGED = [
    kind
    for kind in kinds()
    if isinstance(kind.outcome, Rejected) and kind.outcome.stage == "decode"
]


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.name)
def test_a_photograph_gives_the_pixels_it_shows_whole_or_in_bands(kind: Kind, monkeypatch):
    pixels = decode(kind.content, SIZE, scaled=False)
    assert not isinstance(pixels, Reason), pixels
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    expected = kind.outcome.pixels.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    difference = np.abs(pixels - np.asarray(expected, np.float64)).mean()
    assert difference <= kind.outcome.tolerance
    monkeypatch.setattr(decoding, "_BAND_PIXELS", 500)
    assert np.array_equal(decode(kind.content, SIZE, scaled=False), pixels)


MEMORY = """
import re, sys
from pathlib import Path
from corpus import large_png
from fruits_kedro.photos.decoding import decode

content = large_png(sys.argv[1])
assert len(content) < 1_000_000
assert decode(content, 224).shape == (224, 224, 3)
# Not ru_maxrss: a process inherits the peak of the one that started it.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("colour", ["grey of 16 bits", "alpha"])
def test_a_small_file_of_many_pixels_costs_a_few_bytes_each(colour, project):
    """20 megapixels here; ingestion.max_pixels allows ten times as many."""
    paths = [str(project / "tests"), str(project / "src")]
    result = subprocess.run(
        [sys.executable, "-c", MEMORY, colour],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout) < 60 + 20 * 12, "MB"


@pytest.mark.parametrize("kind", DAMAGED, ids=lambda kind: kind.name)
def test_damaged_pixels_are_a_reason(kind: Kind):
    assert isinstance(kind.outcome, Rejected)
    assert isinstance(read_header(kind.content), Header)
    assert decode(kind.content, SIZE) is kind.outcome.reason


@pytest.mark.parametrize(("side", "scale"), [(8 * SIZE, 8), (4 * SIZE, 4), (2 * SIZE, 2)])
def test_a_large_photograph_is_decoded_at_a_fraction_of_its_size(side, scale, monkeypatch):
    content = jpeg(picture("large").resize((side, 2 * side)))
    resized_from = []
    resize = Image.Image.resize
    monkeypatch.setattr(
        Image.Image,
        "resize",
        lambda image, *arguments: resized_from.append(image.size) or resize(image, *arguments),
    )
    scaled, whole = decode(content, SIZE), decode(content, SIZE, scaled=False)
    assert resized_from == [(side // scale, 2 * side // scale), (side, 2 * side)]
    assert np.abs(scaled.astype(float) - whole).mean() < 2


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_other_photographs_are_the_same_with_and_without_scaled_decoding(form):
    side = 2 * SIZE - 1 if form == "JPEG" else 4 * SIZE
    content = encode(picture("other").resize((side, side)), form)
    assert np.array_equal(decode(content, SIZE), decode(content, SIZE, scaled=False))


def test_a_header_has_the_size_before_turning_and_the_real_format_and_needs_no_pixels():
    contents = {kind.name: kind.content for kind in KEPT}
    assert read_header(contents["orientation 6 jpg"]) == Header(64, 96, "JPEG")
    assert read_header(contents["png as jpg"]) == Header(96, 64, "PNG")
    assert read_header(png(50_000, 50_000, 8, 2, b"none")) == Header(50_000, 50_000, "PNG")


def test_no_warning_escapes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in kinds():
            if isinstance(kind.make, bytes):
                assert read_header(kind.content) is not None
        for kind in KEPT:
            assert not isinstance(decode(kind.content, SIZE), Reason), kind.name


STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"II*\0", b"BM"]


@OPEN_ENDED
@given(st.sampled_from(STARTS), st.binary(max_size=500))
def test_a_format_s_first_bytes_and_noise_are_pixels_or_a_reason(start, rest):
    """test_fuzz.py damages whole photographs. Headers beyond the limit are never decoded."""
    header = read_header(start + rest)
    if isinstance(header, Reason) or header.width * header.height > FUZZ_PIXELS:
        return
    pixels = decode(start + rest, 16)
    assert isinstance(pixels, Reason) or (pixels.shape, pixels.dtype) == ((16, 16, 3), np.uint8)


@OPEN_ENDED
@given(st.binary(max_size=120))
def test_arbitrary_exif_data_never_costs_the_pixels(noise):
    """Entries may turn the picture and nothing else."""
    pixels = decode(jpeg(picture("fuzz"), exif=b"Exif\0\0II*\0" + noise), 16)
    assert not isinstance(pixels, Reason)
    assert pixels.shape == (16, 16, 3)
