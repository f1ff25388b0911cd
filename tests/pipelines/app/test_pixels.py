"""``pixels.js`` against Pillow, pixel by pixel, in a real browser."""

import base64
from typing import Any

import numpy as np
import pytest
from browser import served
from corpus import encode
from PIL import ExifTags, Image
from runs import ROOT

from fruits_kedro.photos.colour import display_p3_profile
from fruits_kedro.photos.decoding import decode

SIDE = 224
PIXELS = """async ([scaled, crop]) => {
    const file = await fetch("picture", {cache: "no-store"}).then(response => response.blob());
    const bitmap = await createImageBitmap(file);
    const part = partOf(bitmap.width, bitmap.height, crop);
    const pixels = pixelsOf(bitmap, part, 224, scaled);
    let text = '';
    for (let n = 0; n < pixels.length; n += 8192)
        text += String.fromCharCode(...pixels.subarray(n, n + 8192));
    return [btoa(text), hasUniformBorder(pixels, 224)];
}"""
SMALL = [(16, 16), (20, 30), (17, 400), (400, 17), (262, 300), (261, 300), (100, 100)]
SMALL += [(224, 224), (225, 223)]
LARGE = [(447, 448), (640, 480), (1000, 451), (1919, 1081), (3000, 4000)]


@pytest.fixture(scope="module")
def browser(launch, tmp_path_factory):
    """A page with pixels.js, and the folder it is served from."""
    folder = tmp_path_factory.mktemp("pixels")
    script = ROOT / "src/fruits_kedro/pipelines/app/page/pixels.js"
    (folder / "index.html").write_text(f"<script>{script.read_text()}</script>")
    with served(folder) as url:
        phone = launch()
        phone.page.goto(url)
        yield phone.page, folder / "picture"


def photograph(width: int, height: int, seed: int = 0) -> Image.Image:
    """Noise on a gradient: every rounding shows."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    noise = rng.integers(0, 16, (height, width, 3))
    return Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8))


def in_browser(browser, content: bytes, *options: Any) -> np.ndarray:
    text, _ = run(browser, content, *options)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE, SIDE, 3)


def run(browser, content: bytes, scaled: bool = False, crop: str = "squash") -> tuple[str, bool]:
    page, path = browser
    path.write_bytes(content)
    text, has_uniform_border = page.evaluate(PIXELS, [scaled, crop])
    return text, has_uniform_border


def difference(a: np.ndarray, b: Any) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def assert_as_product(browser, content: bytes) -> None:
    assert difference(in_browser(browser, content), decode(content, SIDE, scaled=False)) == 0


@pytest.mark.parametrize("size", SMALL + LARGE)
def test_pixels_are_those_of_the_product(browser, size):
    assert_as_product(browser, encode(photograph(*size), "PNG", compress_level=1))


@pytest.mark.parametrize("size", LARGE)
def test_large_photographs_are_reduced_by_whole_factors_as_pillow_does(browser, size):
    image = photograph(*size)
    factor = max(n for n in (1, 2, 4, 8) if n <= min(size) / SIDE or n == 1)
    reduced = image.reduce(factor) if factor > 1 else image
    expected = np.asarray(reduced.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    content = encode(image, "PNG", compress_level=1)
    assert difference(in_browser(browser, content, True), expected) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photographs_are_upright(browser, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = Image.fromarray(np.zeros((120, 200, 3), np.uint8))
    image.paste((250, 20, 20), (0, 0, 60, 30))
    assert_as_product(browser, encode(image, "PNG", exif=exif))


def test_transparent_pixels_are_white(browser):
    image = photograph(90, 70).convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    content = encode(image, "PNG")
    assert_as_product(browser, content)
    assert in_browser(browser, content).min() == 255


def test_display_p3_becomes_srgb_as_in_the_product(browser):
    image = photograph(100, 100)
    content = encode(image, "PNG", icc_profile=display_p3_profile())
    assert difference(in_browser(browser, content), decode(content, SIDE, scaled=False)) <= 2


def test_the_centre_square_is_cut_out(browser):
    image = photograph(301, 200)
    square = decode(encode(image.crop((50, 0, 250, 200)), "PNG"), SIDE, scaled=False)
    assert difference(in_browser(browser, encode(image, "PNG"), False, "centre"), square) == 0


def test_a_plain_border_is_told_from_a_kitchen(browser):
    plain = Image.new("RGB", (100, 100), "white")
    plain.paste((200, 30, 30), (20, 20, 80, 100))
    assert run(browser, encode(plain, "PNG"))[1]
    assert not run(browser, encode(photograph(100, 100), "PNG"))[1]
