"""``pixels.js`` against Pillow, pixel by pixel, in a real browser."""

import base64
import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image
from runs import ROOT

from fruits_kedro.photos.decoding import decode

from .phones import at_localhost

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
    with at_localhost(folder) as url:
        phone = launch()
        phone.page.goto(url)
        yield phone.page, folder / "picture"


def photograph(width: int, height: int, seed: int = 0) -> Image.Image:
    """Noise on a gradient: every rounding shows."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    noise = rng.integers(0, 16, (height, width, 3))
    return Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8))


def as_file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def in_browser(browser, content: bytes, scaled: bool = False, crop: str = "squash") -> np.ndarray:
    text, _ = run(browser, content, scaled, crop)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE, SIDE, 3)


def run(browser, content: bytes, scaled: bool = False, crop: str = "squash") -> tuple[str, bool]:
    page, path = browser
    path.write_bytes(content)
    text, has_uniform_border = page.evaluate(PIXELS, [scaled, crop])
    return text, has_uniform_border


def difference(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("size", SMALL + LARGE)
def test_pixels_are_those_of_the_product(browser, size):
    content = as_file(photograph(*size), compress_level=1)
    assert difference(in_browser(browser, content), decode(content, SIDE, scaled=False)) == 0


@pytest.mark.parametrize("size", LARGE)
def test_large_photographs_are_reduced_by_whole_factors_as_pillow_does(browser, size):
    image = photograph(*size)
    factor = max(n for n in (1, 2, 4, 8) if n <= min(size) / SIDE or n == 1)
    reduced = image.reduce(factor) if factor > 1 else image
    expected = np.asarray(reduced.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    content = as_file(image, compress_level=1)
    assert difference(in_browser(browser, content, scaled=True), expected) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photographs_are_upright(browser, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = Image.fromarray(np.zeros((120, 200, 3), np.uint8))
    image.paste((250, 20, 20), (0, 0, 60, 30))
    content = as_file(image, exif=exif)
    assert difference(in_browser(browser, content), decode(content, SIDE, scaled=False)) == 0


def test_transparent_pixels_are_white(browser):
    image = photograph(90, 70).convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    content = as_file(image)
    assert difference(in_browser(browser, content), decode(content, SIDE, scaled=False)) == 0
    assert in_browser(browser, content).min() == 255


def test_display_p3_becomes_srgb_as_in_the_product(browser):
    image = photograph(100, 100)
    content = as_file(image, icc_profile=display_p3())
    expected = decode(content, SIDE, scaled=False)
    if difference(expected, decode(as_file(image), SIDE, scaled=False)) == 0:
        pytest.skip("photos/decoding.py converts no profiles yet")
    assert difference(in_browser(browser, content), expected) <= 2


def display_p3() -> bytes:
    """The profile that phones embed: three primaries and sRGB's curve (ICC.1:2022)."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    text = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 4, 28) + b"\0P\0003"
    points = {
        b"wtpt": (0.9642, 1.0, 0.82491),
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    tags = {b"desc": text, b"cprt": text, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    tags |= {name: b"XYZ \0\0\0\0" + fixed(*point) for name, point in points.items()}
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(padded))
        body += padded
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"", 0x04000000, b"mntr", b"RGB ", b"XYZ ",
                         struct.pack(">6H", 2026, 1, 1, 0, 0, 0), b"acsp")  # fmt: skip
    header = header.ljust(68, b"\0") + fixed(0.9642, 1, 0.8249)
    return header.ljust(128, b"\0") + table + body


def test_the_centre_square_is_cut_out(browser):
    image = photograph(301, 200)
    content = as_file(image)
    square = as_file(image.crop((50, 0, 250, 200)))
    assert difference(in_browser(browser, content, crop="centre"), decode(square, SIDE, False)) == 0


def test_a_plain_border_is_told_from_a_kitchen(browser):
    plain = Image.new("RGB", (100, 100), "white")
    plain.paste((200, 30, 30), (20, 20, 80, 100))
    assert run(browser, as_file(plain))[1]
    assert not run(browser, as_file(photograph(100, 100)))[1]
