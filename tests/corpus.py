"""Good and bad photographs, each with the outcome it must have beside it.

The files are written as a user's folder would hold them, so the same corpus tests one function
or a whole run. Names use every byte Linux allows: file systems that normalise or refuse names
(macOS, Windows) cannot hold it.
"""

import io
import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path, PurePath
from typing import Literal, NamedTuple

import numpy as np
import odd_files as odd
import yaml
from PIL import Image

from fruits_kedro.photos.colour import display_p3_profile
from fruits_kedro.photos.reasons import Reason

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
INGESTION = yaml.safe_load((ROOT / "conf/base/parameters_ingestion.yml").read_text())["ingestion"]
IGNORED = frozenset(INGESTION["ignored_extensions"])
MAX_PIXELS, MAX_BYTES = INGESTION["max_pixels"], INGESTION["max_bytes"]

AWKWARD_FOLDERS = (
    *("my results", "a%20b", "100%", "é😀", "#", "a?b", "[x]*{y,z}", "a,b", "a:b", "a\\b"),
    *("a'\"", "=1", "~", "$HOME", "caf\u0065\u0301"),
)
"""Names of folders that mean something to a URI, a pattern, a shell or Hadoop."""

Stage = Literal["list", "read", "compare", "decode"]
"""Where a reason appears: from the listing's row, in reading, among equal bytes, in decoding."""


@dataclass(frozen=True)
class Kept:
    """The file is a photograph.

    Attributes:
        pixels: What it shows: upright, RGB, on white, in its own size.
        tolerance: Mean difference of values that a lossy format may cost; 0 is exactly equal.
    """

    pixels: Image.Image
    tolerance: float = 0.0


@dataclass(frozen=True)
class Rejected:
    """The file is listed and has a reason, which appears at ``stage``."""

    reason: Reason
    stage: Stage


@dataclass(frozen=True)
class Ignored:
    """The listing does not offer the entry. It counts a file by ``as_``, a folder not at all."""

    as_: str | None


Outcome = Kept | Rejected | Ignored
Make = bytes | Callable[[Path], None]

NOT_AN_IMAGE = Rejected(Reason.NOT_AN_IMAGE, "read")
TOO_MANY_PIXELS = Rejected(Reason.TOO_MANY_PIXELS, "read")
UNDECODABLE = Rejected(Reason.UNDECODABLE, "decode")


@dataclass(frozen=True)
class Kind:
    """One file of the corpus.

    Attributes:
        path: Below the image folder; bytes that are no UTF-8 as surrogates, as ``os`` has them.
        make: The content, or what to do at the path.
        outcome: What must come of it.
    """

    path: str
    make: Make
    outcome: Outcome

    @property
    def name(self) -> str:
        """The file's name without extension, fit for the name of a test."""
        return re.sub(r"[^A-Za-z0-9 ]+", "-", PurePath(self.path).stem)[:50]

    @property
    def content(self) -> bytes:
        """The bytes of a kind that is made of bytes."""
        assert isinstance(self.make, bytes), f"{self.name} is not made of bytes"
        return self.make

    def write(self, folder: Path) -> Path:
        """Create the file below ``folder``."""
        target = folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(self.make, bytes):
            target.write_bytes(self.make)
        else:
            self.make(target)
        return target


class Counts(NamedTuple):
    """Candidate photographs of the corpus, and how many files are ignored by extension."""

    listed: int
    ignored: dict[str, int]


def write_corpus(folder: Path) -> list[Kind]:
    """Write every kind below ``folder`` and return them."""
    for kind in kinds():
        kind.write(folder)
    return list(kinds())


def expected_counts(corpus: Iterable[Kind]) -> Counts:
    """What a listing of the corpus must count."""
    outcomes = [kind.outcome for kind in corpus]
    ignored = Counter(o.as_ for o in outcomes if isinstance(o, Ignored) and o.as_ is not None)
    return Counts(sum(not isinstance(o, Ignored) for o in outcomes), dict(ignored))


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in a fixed order; no two have equal bytes unless that is their point."""
    photos = sample_photos()
    return (
        *_formats(),
        *_few_colours(),
        *_transparency(),
        *_orientations(),
        *_metadata(),
        *_colour_profiles(),
        *_phones(),
        *_decoded_wrongly(),
        *_sizes(),
        *_truncations(next(photos)),
        *_no_photographs(),
        *_no_files(photos),
        *(_photo(f"Training/Names/{name}", photos) for name in NAMES),
        *(_photo(f"Training/{label}/{n}_100.jpg", photos) for label in LABELS for n in range(2)),
        *_unusable_names(photos),
        *_copies(photos),
        *_ignored(photos),
    )


def sample_photos() -> Iterator[bytes]:
    """The sample's photographs, each once."""
    return (path.read_bytes() for path in sorted(SAMPLE.glob("*/*/*.jpg")))


def _photo(path: str, photos: Iterator[bytes]) -> Kind:
    content = next(photos)
    return Kind(path, content, Kept(shown(content)))


def _good(file: str, content: bytes, image: Image.Image, tolerance: float = 0.0) -> Kind:
    return Kind(f"Training/{file}", content, Kept(_rgb(image), tolerance))


def shown(content: bytes) -> Image.Image:
    """The pixels of a plain RGB image."""
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB")


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    """The bytes of ``image`` in a format."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def picture(name: str) -> Image.Image:
    """A lopsided picture in colours of its own; no turn or flip of it equals another.

    Its sides are multiples of 16, the blocks of a JPEG, so a turned JPEG loses the same detail.
    """
    seed = zlib.crc32(name.encode())
    y, x = np.mgrid[0:64, 0:96]
    corner = np.where((x < 40) & (y < 20), 225, seed % 120)
    planes = [x * 2 + seed % 50, y * 3 + seed // 50 % 50, corner]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def jpeg(image: Image.Image, **options: object) -> bytes:
    """The bytes of a JPEG that is as close to ``image`` as JPEG gets."""
    return encode(image, "JPEG", quality=95, **{"subsampling": 0, **options})


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG file with a header of one's choice, whatever the rows hold."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    result = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + header, b"IDAT" + zlib.compress(rows), b"IEND"):
        result += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return result


def exif(orientation: int, *others: tuple[int, int, int, bytes]) -> bytes:
    """EXIF data with an orientation and other entries (tag, type, count, value)."""
    entries = sorted([(0x0112, 3, 1, struct.pack("<HH", orientation, 0)), *others])
    packed = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(40)


def large_png(colour: Literal["grey of 16 bits", "alpha"]) -> bytes:
    """A PNG of 20 megapixels in less than a megabyte."""
    depth, kind, pixel = {"grey of 16 bits": (16, 0, 2), "alpha": (8, 6, 4)}[colour]
    width, height = 5_000, 4_000
    return png(width, height, depth, kind, bytes((1 + pixel * width) * height))


def _formats() -> list[Kind]:
    def kind(
        name: str, extension: str, make: Callable[[Image.Image], bytes], tolerance: float = 0.0
    ) -> Kind:
        image = picture(name)
        return _good(f"Formats/{name}.{extension}", make(image), image, tolerance)

    def animated(image: Image.Image, image_format: str, **options: object) -> bytes:
        second = image.transpose(Image.Transpose.ROTATE_180)
        return encode(image, image_format, save_all=True, append_images=[second], **options)

    def deep_rgb(image: Image.Image) -> bytes:
        rows = (np.asarray(image).astype(">u2") * 257).reshape(image.height, -1)
        return png(image.width, image.height, 16, 2, b"".join(b"\0" + r.tobytes() for r in rows))

    return [
        kind("jpeg", "jpg", jpeg, 2),
        kind("progressive", "jpg", partial(jpeg, progressive=True), 2),
        kind("cmyk", "jpg", lambda image: jpeg(image.convert("CMYK")), 2),
        kind("phone with two pictures", "jpg", partial(animated, image_format="MPO"), 8),
        kind("png", "png", partial(encode, image_format="PNG")),
        kind("png as jpg", "jpg", partial(encode, image_format="PNG")),
        kind("png of 16 bits", "png", deep_rgb),
        kind("webp", "webp", partial(encode, image_format="WEBP", lossless=True)),
        kind("avif", "avif", partial(encode, image_format="AVIF", quality=95), 5),
        kind("bmp", "bmp", partial(encode, image_format="BMP")),
        kind("tiff", "tiff", partial(encode, image_format="TIFF", compression="tiff_lzw")),
        kind("tiff of two pages", "tif", partial(animated, image_format="TIFF")),
        kind("animated png", "png", partial(animated, image_format="PNG")),
        kind("animated webp", "webp", partial(animated, image_format="WEBP", lossless=True)),
        kind("trailing garbage", "jpg", lambda image: jpeg(image) + b"garbage\xff\xd8\xff" * 50, 2),
        kind("two jpegs in one", "jpg", lambda image: jpeg(image) + jpeg(picture("second")), 2),
    ]


def _few_colours() -> list[Kind]:
    grey = picture("grey").convert("L")
    two_tone = picture("two tone").convert("1")
    palette = picture("palette").quantize(64)
    frames = picture("animated gif").quantize(64)
    turned = frames.transpose(Image.Transpose.ROTATE_180)
    deep = np.asarray(picture("deep grey").convert("L")).astype(np.uint16)
    night = np.asarray(picture("night").convert("L"))
    gif = encode(frames, "GIF", save_all=True, append_images=[turned])
    eight = Image.fromarray(deep)
    return [
        _good("Formats/grey.jpg", jpeg(grey, subsampling=-1), grey, 2),
        _good("Formats/two tone.png", encode(two_tone, "PNG"), two_tone),
        _good("Formats/palette.png", encode(palette, "PNG"), palette),
        _good("Formats/animated gif.gif", gif, frames),
        _good("Formats/grey of 16 bits.png", _grey16(deep * 257, "PNG"), eight),
        _good("Formats/grey tiff of 16 bits.tif", _grey16(deep * 257, "TIFF"), eight),
        # No value above 255 of 65535: nearly black, not a photograph of 8 bits.
        _good("Formats/night.png", _grey16(night, "PNG"), Image.new("L", (96, 64)), 1),
    ]


def _grey16(values: np.ndarray, image_format: str, **options: object) -> bytes:
    return encode(Image.fromarray(values.astype(np.uint16)), image_format, **options)


def _rgb(image: Image.Image) -> Image.Image:
    """``image`` in RGB; values of 16 bits are taken to lie below 256."""
    if image.mode.startswith("I"):
        image = Image.fromarray(np.asarray(image).astype(np.uint8))
    return image.convert("RGB")


def _transparency() -> list[Kind]:
    layer = picture("alpha").convert("RGBA")
    layer.putalpha(layer.getchannel("R"))
    grey = picture("grey alpha").convert("LA")
    grey.putalpha(grey.getchannel("L"))
    palette = picture("palette with a transparent colour").quantize(64)
    clear_index = int(np.asarray(palette)[0, 0])
    without_index = _white_where(palette.convert("RGB"), np.asarray(palette) == clear_index)
    keyed = picture("rgb with a transparent colour")
    clear = (1, 2, 3)
    keyed.paste(clear, (50, 10, 90, 50))
    without_clear = _white_where(keyed, (np.asarray(keyed) == clear).all(axis=-1))
    contents = {
        "alpha.png": (encode(layer, "PNG"), _on_white(layer)),
        "alpha.webp": (encode(layer, "WEBP", lossless=True, exact=True), _on_white(layer)),
        "grey alpha.png": (encode(grey, "PNG"), _on_white(grey)),
        "palette.png": (encode(palette, "PNG", transparency=clear_index), without_index),
        "rgb.png": (encode(keyed, "PNG", transparency=clear), without_clear),
    }
    return [
        _good(f"Transparent/{file}", content, image, 0.6)
        for file, (content, image) in contents.items()
    ]


def _on_white(image: Image.Image) -> Image.Image:
    values = np.asarray(image.convert("RGBA")).astype(float)
    opacity = values[..., 3:] / 255
    return Image.fromarray(np.rint(values[..., :3] * opacity + 255 * (1 - opacity)).astype("uint8"))


def _white_where(image: Image.Image, mask: np.ndarray) -> Image.Image:
    values = np.array(image)
    values[mask] = 255
    return Image.fromarray(values)


def _orientations() -> list[Kind]:
    turn = Image.Transpose
    stored_as = (None, turn.FLIP_LEFT_RIGHT, turn.ROTATE_180, turn.FLIP_TOP_BOTTOM)
    stored_as += (turn.TRANSPOSE, turn.ROTATE_90, turn.TRANSVERSE, turn.ROTATE_270)
    makers = {"jpg": (jpeg, 2), "png": (partial(encode, image_format="PNG"), 0)}
    result = []
    for orientation, method in enumerate(stored_as, start=1):
        for extension, (make, tolerance) in makers.items():
            name = f"orientation {orientation} {extension}"
            upright = picture(name)
            stored = upright if method is None else upright.transpose(method)
            content = make(stored, exif=exif(orientation))
            result.append(_good(f"Turned/{name}.{extension}", content, upright, tolerance))
    return result


def _metadata() -> list[Kind]:
    def kind(name: str, turned: bool = False, **options: object) -> Kind:
        image = picture(name)
        stored = image.transpose(Image.Transpose.ROTATE_90) if turned else image
        return _good(f"Metadata/{name}.jpg", jpeg(stored, **options), image, 2)

    # An entry for the width with three doubles: Pillow reads it and cannot write it again.
    unwritable = (0x0100, 12, 3, struct.pack("<I", 8))
    mpf = b"MPF\0junkjunkjunk"
    return [
        kind("exif of noise", exif=b"Exif\0\0" + bytes(range(100))),
        kind("exif that ends early", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"),
        kind("orientation 0", exif=exif(0)),
        kind("orientation 9", exif=exif(9)),
        kind("orientation beside a damaged entry", turned=True, exif=exif(6, unwritable)),
        kind("icc of noise", icc_profile=b"no profile" * 20),
        kind("comment of 60000 bytes", comment=b"c" * 60_000),
        kind("mpf of noise", extra=struct.pack(">BBH", 0xFF, 0xE2, len(mpf) + 2) + mpf),
    ]


def _colour_profiles() -> list[Kind]:
    """Photographs in other colour spaces, with what they look like in sRGB."""
    plain, p3, grey = (picture(name) for name in ("srgb", "display p3", "linear grey"))
    layer = picture("alpha in display p3").convert("RGBA")
    layer.putalpha(layer.getchannel("R"))
    shown_layer = _p3_as_srgb(layer.convert("RGB"))
    shown_layer.putalpha(layer.getchannel("A"))
    palette = picture("palette in display p3").quantize(64)
    shown_palette = _p3_as_srgb(palette.convert("RGB"))
    light = np.asarray(grey.convert("L"))
    red = (50.0, 60.0, 30.0)  # in CIE Lab
    ink = jpeg(Image.new("CMYK", (48, 48), (255, 0, 0, 0)), icc_profile=odd.cmyk_profile(red))
    wide, linear = {"icc_profile": display_p3_profile()}, {"icc_profile": odd.linear_grey_profile()}
    shown_grey = Image.fromarray(_encoded_light(light / 255))
    deep = _grey16(light.astype(np.uint16) * 257, "PNG", **linear)
    grey = grey.convert("L")
    contents = {
        "srgb": (encode(plain, "PNG", icc_profile=odd.srgb_profile()), plain, 0),
        "display p3": (encode(p3, "PNG", **wide), _p3_as_srgb(p3), 0.6),
        "alpha in display p3": (encode(layer, "PNG", **wide), _on_white(shown_layer), 1),
        "palette in display p3": (encode(palette, "PNG", **wide), shown_palette, 0.6),
        "linear grey": (encode(grey, "PNG", **linear), shown_grey, 0.6),
        "linear grey of 16 bits": (deep, shown_grey, 0.6),
        "ink": (ink, _lab_as_srgb(*red), 2),
        # A profile of another kind than the pixels says nothing about them.
        "a profile of grey in colour": (encode(p3, "PNG", **linear), p3, 0),
        "a profile of colour in grey": (encode(grey, "PNG", **wide), grey, 0),
    }
    return [_good(f"Colours/{name}.png", *values) for name, values in contents.items()]


def _p3_as_srgb(image: Image.Image) -> Image.Image:
    """Display P3 in sRGB, by the definitions of both (CSS Color 4, section 10)."""
    values = np.asarray(image) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    to_srgb = [[1.2249, -0.2249, 0], [-0.0421, 1.0421, 0], [-0.0196, -0.0786, 1.0983]]
    return Image.fromarray(_encoded_light(light @ np.array(to_srgb).T))


def _lab_as_srgb(lightness: float, a: float, b: float) -> Image.Image:
    """One colour of CIE Lab (D50) in sRGB (CSS Color 4, sections 8 and 10)."""
    y = (lightness + 16) / 116
    white = np.array([0.96422, 1.0, 0.82521])
    xyz = white * np.array([y + a / 500, y, y - b / 200]) ** 3
    to_srgb = [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
    pixel = _encoded_light(xyz @ np.array(to_srgb).T)
    return Image.new("RGB", (48, 48), tuple(pixel.tolist()))


def _encoded_light(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(values * 255).astype(np.uint8)


def _decoded_wrongly() -> list[Kind]:
    """What Pillow decodes to wrong pixels without an error: corrected, or not trusted."""
    photo = picture("odd")
    rgb, grey = np.asarray(photo), np.asarray(photo.convert("L"))[..., np.newaxis]
    deep = rgb.astype(np.uint16) * 257
    frame = picture("a gif's frame").quantize(64)
    gif = odd.gif_on_a_screen(frame, (120, 100), (20, 30))
    screen = Image.new("RGB", (120, 100), "white")
    screen.paste(frame.convert("RGB"), (20, 30))
    palette = picture("palette of 8 bits").quantize(64)
    colours = np.zeros((256, 3), np.uint16)
    colours[:64] = np.reshape(palette.getpalette(), (-1, 3))[:64]
    in_palette = partial(odd.tiff, np.asarray(palette)[..., np.newaxis], odd.PALETTE)
    flat = picture("turned avif")
    turned = flat.transpose(Image.Transpose.ROTATE_90)
    mirrored = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    side, flip = (b"irot", bytes([1])), (b"imir", bytes([1]))  # a quarter left; left becomes right
    wide = picture("avif in display p3")
    by_number = odd.avif(wide, odd.named_colours(12, 13))
    kept: dict[str, tuple[bytes, Image.Image, float]] = {
        "gif below its screen.gif": (gif, screen, 0),
        "palette of 8 bits.tif": (in_palette(colours=colours), palette, 0),
        "palette of 16 bits.tif": (in_palette(colours=colours * 257), palette, 0),
        "16 bits.tif": (odd.tiff(deep, odd.RGB, order=">"), photo, 0),
        "planes.tif": (odd.tiff(rgb, odd.RGB, in_planes=True), photo, 0),
        "white is zero.tif": (odd.tiff(255 - grey, odd.WHITE_IS_ZERO), photo.convert("L"), 0),
        "turned.avif": (odd.avif(flat, side), turned, 5),
        "turned and mirrored.avif": (odd.avif(flat, side, flip), mirrored, 5),
        "display p3 by number.avif": (by_number, _p3_as_srgb(wide), 5),
    }
    white = (255 - grey).astype(np.uint16) * 257
    grey_alpha = np.concatenate([grey, np.full_like(grey, 255)], axis=-1)
    not_trusted = {
        "bt 2020.avif": odd.avif(wide, odd.named_colours(9, 1)),
        "hlg.avif": odd.avif(flat, odd.named_colours(12, 18)),
        "pq.avif": odd.avif(flat, odd.named_colours(9, 16)),
        "planes of 16 bits.tif": odd.tiff(deep, odd.RGB, in_planes=True),
        "planes of 16 bits, other order.tif": odd.tiff(deep, odd.RGB, in_planes=True, order=">"),
        "planes of grey and alpha.tif": odd.tiff(grey_alpha, odd.BLACK_IS_ZERO, in_planes=True),
        "white is zero in 16 bits.tif": odd.tiff(white, odd.WHITE_IS_ZERO),
        "32 bits.tif": odd.tiff(grey.astype(np.uint32) << 24, odd.BLACK_IS_ZERO),
        "floating.tif": odd.tiff(grey.astype(np.float32) / 255, odd.BLACK_IS_ZERO),
        "signed.tif": odd.tiff((grey // 2).astype(np.int8), odd.BLACK_IS_ZERO),
        "lab.tif": odd.tiff(np.concatenate([grey, grey, grey], axis=-1), odd.LAB),
        "cropped.avif": odd.avif(flat, odd.crop((96, 64), (8, 8, 48, 40))),
        "cropped to all.avif": odd.avif(photo, odd.crop((96, 64), (0, 0, 96, 64))),
        "mirrored before it is turned.avif": odd.avif(flat, flip, side),
    }
    refused = Rejected(Reason.NOT_TRUSTED, "read")
    return [
        *(_good(f"Odd/{file}", *values) for file, values in kept.items()),
        *(Kind(f"Training/Odd/{file}", c, refused) for file, c in not_trusted.items()),
    ]


def _phones() -> list[Kind]:
    """A HEIC as iPhones write it: turned, in Display P3. Made once of a sample photograph."""
    content = (ROOT / "tests" / "photos" / "phone.heic").read_bytes()
    tomato = (SAMPLE / "Training" / "Tomato" / "0_100.jpg").read_bytes()
    upright = shown(tomato).crop((0, 0, 100, 80))
    return [
        _good("Phone/heic.HEIC", content, upright, 2),
        _good("Phone/heic as jpg.jpg", content + b"2", upright, 2),
        Kind("Training/Phone/heic cut in half.HEIC", content[: len(content) // 2], NOT_AN_IMAGE),
    ]


def _sizes() -> list[Kind]:
    def one_byte_too_many(path: Path) -> None:
        path.write_bytes(jpeg(picture("one byte too many")))
        os.truncate(path, MAX_BYTES + 1)

    kept = {
        "1x1": Image.new("RGB", (1, 1), (200, 90, 40)),
        "10000x2": picture("line").resize((10_000, 2)),
        "1x3000": picture("column").resize((1, 3_000)),
    }
    # The first number of a TIFF that is its width becomes another one; a BMP is upside down.
    tiff = odd.tiff(np.zeros((1, 77, 1), np.uint8), odd.BLACK_IS_ZERO)
    tiff = tiff.replace(struct.pack("<I", 77), struct.pack("<I", 2**32 - 1), 1)
    bmp = bytearray(encode(Image.new("RGB", (1, 1)), "BMP"))
    struct.pack_into("<ii", bmp, 18, 1, -(2**31))
    rejected = {
        "50000x50000": (png(50_000, 50_000, 8, 2, bytes(100)), TOO_MANY_PIXELS),
        "4294967295x1": (tiff, TOO_MANY_PIXELS),
        "1x2147483648": (bytes(bmp), TOO_MANY_PIXELS),
        "0x0": (png(0, 0, 8, 2, b"none"), NOT_AN_IMAGE),
        "one byte too many": (one_byte_too_many, Rejected(Reason.TOO_MANY_BYTES, "list")),
    }
    return [
        *(_good(f"Sizes/{name}.png", encode(image, "PNG"), image) for name, image in kept.items()),
        *(Kind(f"Training/Sizes/{name}.png", *values) for name, values in rejected.items()),
    ]


def _truncations(content: bytes) -> list[Kind]:
    """A real JPEG is cut: before its scan starts it has no header, after it no pixels."""

    def tenths(whole: bytes) -> list[int]:
        return [len(whole) * tenth // 10 for tenth in range(1, 10)]

    def cut(file: str, whole: bytes, ends: list[int], outcome: Outcome) -> list[Kind]:
        return [Kind(f"Training/Truncated/{n} of {file}", whole[:n], outcome) for n in ends]

    scan, end = content.index(b"\xff\xda"), len(content)
    in_header = [cut_at for cut_at in (scan // 2, *tenths(content)) if cut_at < scan]
    in_pixels = [cut_at for cut_at in (*tenths(content), end - 2, end - 1) if cut_at >= scan]
    photo, endless = shown(content), picture("png without its end")
    progressive = jpeg(photo, progressive=True)
    without_end = encode(endless, "PNG")[:-12]  # every pixel is there, only the end chunk is not
    png_, webp = encode(photo, "PNG"), encode(photo, "WEBP")
    return [
        *cut("jpeg.jpg", content, in_header, NOT_AN_IMAGE),
        *cut("jpeg.jpg", content, in_pixels, UNDECODABLE),
        *cut("progressive.jpg", progressive, tenths(progressive)[1:], UNDECODABLE),
        # A PNG names its size in its first bytes; WebP's decoder looks at the whole file before.
        *cut("png.png", png_, tenths(png_), UNDECODABLE),
        *cut("webp.webp", webp, [*tenths(webp), len(webp) - 1], NOT_AN_IMAGE),
        _good("Truncated/png without its end.png", without_end, endless),
    ]


def _no_photographs() -> list[Kind]:
    icon = encode(Image.new("1", (3000, 3000)), "PNG")
    entry = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(icon), 22)
    contents = {
        "text.jpg": b"This is a letter, not a photograph.\n",
        "web page.jpg": b"<!DOCTYPE html><title>404 Not Found</title>",
        "noise.jpg": np.random.default_rng(0).bytes(3000),
        "zeros.jpg": bytes(3000),
        "one byte.jpg": b"\xff",
        "jpeg marker only.jpg": b"\xff\xd8\xff",
        "header of heic.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(256)),
        "header of heic.HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(255, -1, -1)),
        "svg.jpg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "pdf.jpg": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "jpeg xl.jpg": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(range(256)),
        "film.jpg": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2" + bytes(range(256)),
        "raw of a camera.jpg": b"FUJIFILMCCD-RAW 0201" + bytes(range(256)),
        # Pillow decodes these; the formats are closed to those that photographs come in.
        "portable pixmap.jpg": encode(picture("portable pixmap"), "PPM"),
        "targa.jpg": encode(picture("targa"), "TGA"),
        "jpeg 2000.jpg": encode(picture("jpeg 2000"), "JPEG2000"),
        # Pillow decodes an icon to learn its size, so a small file could ask for gigabytes, and
        # hands PostScript to an interpreter of programs where one is installed.
        "icon larger than it says.jpg": entry + icon,
        "postscript.jpg": encode(picture("postscript"), "EPS"),
    }
    empty = Rejected(Reason.EMPTY_FILE, "read")
    return [
        *(Kind(f"Training/Other/{file}", c, NOT_AN_IMAGE) for file, c in contents.items()),
        # Two empty files under two labels are both empty, neither copies nor a conflict.
        Kind("Training/Other/zero bytes.jpg", b"", empty),
        Kind("Training/Names/zero bytes.jpg", b"", empty),
    ]


def _no_files(photos: Iterator[bytes]) -> list[Kind]:
    def link(target: str) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    unreadable, no_file = Rejected(Reason.UNREADABLE, "read"), Ignored(None)
    return [
        Kind("Training/Special/x.jpg", Path.mkdir, no_file),
        Kind("Training/No photographs", Path.mkdir, no_file),
        Kind("Test/No photographs", Path.mkdir, no_file),
        _photo("Training/Special/x.jpg/in it.jpg", photos),
        Kind("Training/Special/pipe.jpg", lambda path: os.mkfifo(path), no_file),
        Kind("Training/Special/link to nothing.jpg", link("gone.jpg"), unreadable),
        Kind("Training/Special/self.jpg", link("self.jpg"), unreadable),
        Kind("Training/Special/link to a folder above", link("../.."), no_file),
        Kind("Training/Special/link to its own folder", link("."), no_file),
    ]


NAMES = (
    # Blanks, quotes and control characters.
    *(" a  b .jpg", "it's.jpg", 'an "x".jpg', "a\nb.jpg", "a\rb.jpg", "a\tb.jpg", "a\x01b.jpg"),
    # What means something to a URI, a pattern, a shell or Hadoop.
    *("a%20b.jpg", "100%.jpg", "a#b.jpg", "a?b=c&d.jpg", "a:b.jpg", "s3:b.jpg", "a::b.jpg"),
    *("a\\b.jpg", "[a-z]*{b,c}?.jpg", "a,b;c.jpg", "~root.jpg", "$HOME ${HOME}.jpg", "_x.jpg"),
    # What means something to a spreadsheet, a page or a template, or leads elsewhere.
    *("=1+1.jpg", "-rf.jpg", '@SUM(1)=HYPERLINK("x").jpg', "%{x} $y$ {z}.jpg"),
    *("<script>alert(1)<.jpg", "<img src=x onerror=alert(1)>.jpg"),
    *("%2e%2e%2f%2e%2e%2fx.jpg", "\\..\\..\\x.jpg"),
    # Unicode: joined, precomposed, combining, right to left, a byte order mark, beyond 16 bits.
    *("\N{RED APPLE}\N{ZERO WIDTH JOINER}\N{PEAR}.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg"),
    *("\u202egpj.\u202ca.jpg", "\ufeffa.jpg", "\U0010fffd.jpg"),
    "caf\\xe9.jpg",  # looks like an escaped byte
    # 255 bytes.
    *("n" * 251 + ".jpg", "\u00e9" * 125 + "n.jpg"),
    # Extensions of photographs, and those that nothing is known to have.
    *("a.tar.jpg", "A.JPG", "a.JpEg", "no extension", "jpg", "a dot at the end."),
    *("x.jpg~", "x.jpg ", "x.jpg_large", "x.jfif"),
)
LABELS = (
    *("_Folder", "Chili Pepper", " a ", "it's", 'an "x"', "a%20b", "a#b", "a?b=c&d", "a:b", "a\nb"),
    *("\u00c4pfel \N{RED APPLE}\N{ZERO WIDTH JOINER}\N{PEAR}", "caf\u00e9", "cafe\u0301"),
    *("\u202eelppa\u202c", "label=apple", "=1+1", "@SUM(1)", "<script>alert(1)<"),
    *("<a href='javascript:alert(1)'>x<", "%2e%2e%2f%2e%2e", "a\\..\\..", "null", "007"),
    *("Training", "L" * 255),
)


def _unusable_names(photos: Iterator[bytes]) -> list[Kind]:
    latin = os.fsdecode(b"caf\xe9")
    ending = os.fsdecode(b"Training/Names/x.\xff")
    not_utf8 = Rejected(Reason.NAME_NOT_UTF8, "list")
    no_label = Rejected(Reason.NO_LABEL, "list")
    return [
        Kind(f"Training/Names/{latin}.jpg", next(photos), not_utf8),
        Kind(f"Training/{latin}/0_100.jpg", next(photos), not_utf8),
        Kind(ending, next(photos), not_utf8),
        Kind("0_100.jpg", next(photos), no_label),
        Kind("Training/0_100.jpg", next(photos), no_label),
    ]


def _copies(photos: Iterator[bytes]) -> list[Kind]:
    twice, disputed = next(photos), next(photos)
    duplicate = Rejected(Reason.DUPLICATE, "compare")
    conflict = Rejected(Reason.LABEL_CONFLICT, "compare")
    return [
        Kind("Training/Copies/a.jpg", twice, Kept(shown(twice))),
        Kind("Training/Copies/b.jpg", twice, duplicate),
        Kind("Training/Copies/c.jpg", lambda path: path.symlink_to("a.jpg"), duplicate),
        Kind("Training/Copies/disputed.jpg", disputed, conflict),
        Kind("Training/Names/disputed.jpg", disputed, conflict),
    ]


def _ignored(photos: Iterator[bytes]) -> list[Kind]:
    photo = next(photos)
    files = {
        "Training/Names/.x.jpg": "hidden",
        "Training/Names/..jpg": "hidden",
        ".DS_Store": "hidden",
        "Training/.thumbnails/x.jpg": "hidden",
        "README.TXT": "txt",
        "Training/Names/notes.txt": "txt",
        "Training/Names/Thumbs.db": "db",
        "Training/Names/LICENSE": "license",
        "Training/Names/x.jpg.part": "part",
    }
    return [Kind(path, photo, Ignored(counted)) for path, counted in files.items()]
