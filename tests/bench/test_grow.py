"""Growing a folder: other bytes, the same pixels, the same places."""

import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.grow import grow, with_comment
from bench.photographs import list_photographs
from fruits_kedro.photos.decoding import decode, read_header
from fruits_kedro.photos.labels import parse_capture, parse_label, parse_split

CAPTURE = r"(?:(r\d*)_)?\d+_"
TIMES = 3


@pytest.fixture
def few(sample, tmp_path) -> Path:
    """Three photographs of the sample in their folders."""
    folder = tmp_path / "few"
    for relative in ("Training/Apple/5_100.jpg", "Test/Apple/r_8_100.jpg", "Test/Kiwi/8_100.jpg"):
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample / relative, folder / relative)
    return folder


@pytest.fixture
def grown(few, tmp_path) -> Path:
    folder = tmp_path / "grown"
    assert grow(few, folder, TIMES) == 3 * TIMES
    return folder


def test_every_copy_is_a_file_of_its_own(few, grown):
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in list_photographs(grown)}
    originals = {hashlib.sha256(path.read_bytes()).hexdigest() for path in list_photographs(few)}
    assert len(digests) == 3 * TIMES
    assert not digests & originals


def test_copies_keep_label_split_and_capture_group(few, grown):
    def described(folder: Path) -> list[tuple[str | None, ...]]:
        names = [str(path.relative_to(folder)) for path in list_photographs(folder)]
        return sorted(
            (parse_label(n) or "", parse_split(n) or "", parse_capture(n, CAPTURE) or "")
            for n in names
        )

    assert described(grown) == sorted(described(few) * TIMES)


def test_pixels_stay_and_the_header_is_read(few, grown):
    for path in list_photographs(few):
        place = grown / path.relative_to(few).parent
        expected = decode(path.read_bytes(), 96)
        for copy in place.glob(f"{path.stem}-copy*.jpg"):
            assert np.array_equal(decode(copy.read_bytes(), 96), expected)
            assert read_header(copy.read_bytes()) == read_header(path.read_bytes())


def test_growing_again_gives_the_same_bytes(few, grown, tmp_path):
    grow(few, tmp_path / "again", TIMES)
    for path in list_photographs(grown):
        assert (tmp_path / "again" / path.relative_to(grown)).read_bytes() == path.read_bytes()


def test_the_comment_follows_all_application_segments(few):
    buffer = io.BytesIO()
    with Image.open(list_photographs(few)[0]) as image:
        image.save(buffer, "JPEG", exif=Image.Exif(), icc_profile=b"a profile")
    commented = with_comment(buffer.getvalue(), "a copy")
    assert commented.index(b"\xff\xfe\x00\x08a copy") > commented.index(b"ICC_PROFILE")
    with Image.open(io.BytesIO(commented)) as image:
        assert image.info["comment"] == b"a copy"
        assert image.info["icc_profile"] == b"a profile"


def test_what_is_no_jpeg_is_refused():
    with pytest.raises(ValueError, match="JPEG"):
        with_comment(b"\x89PNG", "a copy")
