"""Good and bad photographs, each with the outcome it must have beside it.

The files are written as a user's folder would hold them, so the same corpus tests one function
or a whole run. Names use every byte Linux allows: file systems that normalise or refuse names
(macOS, Windows) cannot hold it.
"""

import io
import os
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from odd_files import (
    BLACK_IS_ZERO,
    LAB,
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    avif,
    cmyk_profile,
    crop,
    gif_on_a_screen,
    linear_grey_profile,
    named_colours,
    srgb_profile,
)
from odd_files import tiff as odd_tiff
from PIL import Image

from fruits_kedro.photos.colour import display_p3_profile
from fruits_kedro.photos.reasons import Reason

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
INGESTION = yaml.safe_load((ROOT / "conf/base/parameters_ingestion.yml").read_text())["ingestion"]
IGNORED = frozenset(INGESTION["ignored_extensions"])
"""Names of files that are no photographs, as a run has them."""
TOMATO = SAMPLE / "Training" / "Tomato" / "0_100.jpg"
MAX_PIXELS = 200_000_000
MAX_BYTES = 128 << 20
"""The limits of ``conf/base/parameters_ingestion.yml``."""

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
    """The listing does not offer the entry.

    Attributes:
        as_: What it is counted as; None for what is no file (folder, pipe) and is not counted.
    """

    as_: str | None


Outcome = Kept | Rejected | Ignored
Make = bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """One file of the corpus.

    Attributes:
        name: Says what is special, in ASCII.
        path: Below the image folder; bytes that are no UTF-8 as surrogates, as ``os`` has them.
        make: The content, or what to do at the path.
        outcome: What must come of it.
    """

    name: str
    path: str
    make: Make
    outcome: Outcome

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


@dataclass(frozen=True)
class Counts:
    """What a run over the corpus must count."""

    kept: int
    rejected: Counter[Reason]
    ignored: dict[str, int]

    @property
    def listed(self) -> int:
        """Candidate photographs: every one is kept or rejected."""
        return self.kept + self.rejected.total()


def write_corpus(folder: Path) -> list[Kind]:
    """Write every kind below ``folder`` and return them."""
    for kind in kinds():
        kind.write(folder)
    return list(kinds())


def expected_counts(corpus: Iterable[Kind]) -> Counts:
    """How many files are kept, rejected by reason, and ignored by extension."""
    outcomes = [kind.outcome for kind in corpus]
    ignored = Counter(o.as_ for o in outcomes if isinstance(o, Ignored) and o.as_ is not None)
    return Counts(
        kept=sum(isinstance(outcome, Kept) for outcome in outcomes),
        rejected=Counter(o.reason for o in outcomes if isinstance(o, Rejected)),
        ignored=dict(sorted(ignored.items())),
    )


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in a fixed order; no two have equal bytes unless that is their point."""
    photos = Photos()
    return (
        *_formats(),
        *_transparency(),
        *_orientations(),
        *_metadata(),
        *_colour_profiles(),
        *_phones(),
        *_decoded_wrongly(),
        *_extra_bytes(),
        *_sizes(),
        *_truncations(photos.next()),
        *_no_photographs(),
        *_no_files(photos),
        *_names(photos),
        *_labels(photos),
        *_unusable_names(photos),
        *_copies(photos),
        *_ignored(photos),
    )


@dataclass
class Photos:
    """The sample's photographs, each handed out once."""

    paths: list[Path] = field(default_factory=lambda: sorted(SAMPLE.glob("*/*/*.jpg")))

    def next(self) -> bytes:
        """The bytes of a photograph that nobody had yet."""
        return self.paths.pop(0).read_bytes()


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


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG file with a header of one's choice, whatever the rows hold."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def tiff(width: int, height: int) -> bytes:
    """A grey TIFF file with a header of one's choice and ten pixels."""
    entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (279, 10)]
    packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(24)


def bmp(width: int, height: int) -> bytes:
    """A BMP file with a header of one's choice; a negative height is upside down."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + header + bytes(46)


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
        path = f"Training/Formats/{name}.{extension}"
        return Kind(name, path, make(image), Kept(image, tolerance))

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
        *_few_colours(),
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
    contents: list[tuple[str, str, bytes, Image.Image, float]] = [
        ("grey", "jpg", jpeg(grey, subsampling=-1), grey, 2),
        ("two tone", "png", encode(two_tone, "PNG"), two_tone, 0),
        ("palette", "png", encode(palette, "PNG"), palette, 0),
        ("animated gif", "gif", gif, frames, 0),
        (
            "grey of 16 bits",
            "png",
            _grey16(deep * 257, "PNG"),
            Image.fromarray(deep).convert("L"),
            0,
        ),
        ("grey tiff of 16 bits", "tif", _grey16(deep * 257, "TIFF"), Image.fromarray(deep), 0),
        # No value above 255 of 65535: nearly black, not a photograph of 8 bits.
        ("night of 16 bits", "png", _grey16(night, "PNG"), Image.new("L", (96, 64)), 1),
    ]
    return [
        Kind(name, f"Training/Formats/{name}.{extension}", content, Kept(_rgb(image), tolerance))
        for name, extension, content, image, tolerance in contents
    ]


def _grey16(values: np.ndarray, image_format: str) -> bytes:
    return encode(Image.fromarray(values.astype(np.uint16)), image_format)


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
    keyed = picture("rgb with a transparent colour")
    clear_colour = (1, 2, 3)
    keyed.paste(clear_colour, (50, 10, 90, 50))
    contents = [
        ("alpha", encode(layer, "PNG"), _on_white(layer)),
        ("alpha webp", encode(layer, "WEBP", lossless=True, exact=True), _on_white(layer)),
        ("grey alpha", encode(grey, "PNG"), _on_white(grey)),
        (
            "palette with a transparent colour",
            encode(palette, "PNG", transparency=clear_index),
            _white_where(palette.convert("RGB"), np.asarray(palette) == clear_index),
        ),
        (
            "rgb with a transparent colour",
            encode(keyed, "PNG", transparency=clear_colour),
            _white_where(keyed, (np.asarray(keyed) == clear_colour).all(axis=-1)),
        ),
    ]
    return [
        Kind(name, f"Training/Transparent/{name}.png", content, Kept(image, 0.6))
        for name, content, image in contents
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
    stored_as = {
        1: None,
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    result = []
    for orientation, method in stored_as.items():
        for extension, image_format, tolerance in (("jpg", "JPEG", 2), ("png", "PNG", 0)):
            name = f"orientation {orientation} {extension}"
            upright = picture(name)
            stored = upright if method is None else upright.transpose(method)
            options = {"quality": 95, "subsampling": 0} if image_format == "JPEG" else {}
            content = encode(stored, image_format, exif=exif(orientation), **options)
            path = f"Training/Turned/{orientation}.{extension}"
            result.append(Kind(name, path, content, Kept(upright, tolerance)))
    return result


def _metadata() -> list[Kind]:
    def kind(name: str, turned: bool = False, **options: object) -> Kind:
        image = picture(name)
        stored = image.transpose(Image.Transpose.ROTATE_90) if turned else image
        content = jpeg(stored, **options)
        return Kind(name, f"Training/Metadata/{name}.jpg", content, Kept(image, 2))

    # An entry for the width with three doubles: Pillow reads it and cannot write it again.
    unwritable = (0x0100, 12, 3, struct.pack("<I", 8))
    return [
        kind("exif of noise", exif=b"Exif\0\0" + bytes(range(100))),
        kind("exif that ends early", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"),
        kind("orientation 0", exif=exif(0)),
        kind("orientation 9", exif=exif(9)),
        kind("orientation beside a damaged entry", turned=True, exif=exif(6, unwritable)),
        kind("icc of noise", icc_profile=b"no profile" * 20),
        kind("comment of 60000 bytes", comment=b"c" * 60_000),
        kind("mpf of noise", extra=_jpeg_segment(0xE2, b"MPF\0junkjunkjunk")),
    ]


def _jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _colour_profiles() -> list[Kind]:
    """Photographs in other colour spaces, with what they look like in sRGB."""
    plain, p3, grey = (picture(name) for name in ("srgb", "display p3", "linear grey"))
    layer = picture("alpha in display p3").convert("RGBA")
    layer.putalpha(layer.getchannel("R"))
    shown_layer = _p3_as_srgb(layer.convert("RGB"))
    shown_layer.putalpha(layer.getchannel("A"))
    palette = picture("palette in display p3").quantize(64)
    light = np.asarray(grey.convert("L"))
    ink = Image.new("CMYK", (48, 48), (255, 0, 0, 0))
    wide, linear = display_p3_profile(), linear_grey_profile()
    shown_grey = Image.fromarray(_encoded_light(light / 255)).convert("RGB")
    contents: list[tuple[str, bytes, Image.Image, float]] = [
        ("srgb", encode(plain, "PNG", icc_profile=srgb_profile()), plain, 0),
        ("display p3", encode(p3, "PNG", icc_profile=wide), _p3_as_srgb(p3), 0.6),
        (
            "alpha in display p3",
            encode(layer, "PNG", icc_profile=wide),
            _on_white(shown_layer),
            1,
        ),
        (
            "palette in display p3",
            encode(palette, "PNG", icc_profile=wide),
            _p3_as_srgb(palette.convert("RGB")),
            0.6,
        ),
        ("linear grey", encode(grey.convert("L"), "PNG", icc_profile=linear), shown_grey, 0.6),
        (
            "linear grey of 16 bits",
            encode(Image.fromarray(light.astype(np.uint16) * 257), "PNG", icc_profile=linear),
            shown_grey,
            0.6,
        ),
        ("ink", jpeg(ink, icc_profile=cmyk_profile(_RED_INK)), _lab_as_srgb(*_RED_INK), 2),
        # A profile of another kind than the pixels says nothing about them.
        ("grey's profile in colour", encode(p3, "PNG", icc_profile=linear), p3, 0),
        (
            "colour's profile in grey",
            encode(grey.convert("L"), "PNG", icc_profile=wide),
            grey.convert("L"),
            0,
        ),
    ]
    return [
        Kind(f"in {name}", f"Training/Colours/{name}.png", content, Kept(_rgb(image), tolerance))
        for name, content, image, tolerance in contents
    ]


_RED_INK = (50.0, 60.0, 30.0)
"""In CIE Lab."""


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
    screen = Image.new("RGB", (120, 100), "white")
    screen.paste(frame.convert("RGB"), (20, 30))
    palette = picture("palette of 8 bits").quantize(64)
    colours = np.zeros((256, 3), np.uint16)
    colours[:64] = np.reshape(palette.getpalette(), (-1, 3))[:64]
    indices = np.asarray(palette)[..., np.newaxis]
    turned = picture("turned avif")
    side = (b"irot", bytes([1]))  # a quarter to the left
    whole, flip = (0, 0, 96, 64), (b"imir", bytes([1]))  # left becomes right
    grey_alpha = np.concatenate([grey, np.full_like(grey, 255)], axis=-1)
    signed, lab = (grey // 2).astype(np.int8), np.concatenate([grey, grey, grey], axis=-1)
    kept: dict[str, tuple[bytes, Image.Image, float]] = {
        "gif below its screen.gif": (gif_on_a_screen(frame, (120, 100), (20, 30)), screen, 0),
        "palette of 8 bits.tif": (odd_tiff(indices, PALETTE, colours=colours), palette, 0),
        "palette of 16 bits.tif": (odd_tiff(indices, PALETTE, colours=colours * 257), palette, 0),
        "16 bits.tif": (odd_tiff(deep, RGB, order=">"), photo, 0),
        "planes.tif": (odd_tiff(rgb, RGB, in_planes=True), photo, 0),
        "white is zero.tif": (odd_tiff(255 - grey, WHITE_IS_ZERO), photo.convert("L"), 0),
        "turned.avif": (avif(turned, side), turned.transpose(Image.Transpose.ROTATE_90), 5),
        "turned and mirrored.avif": (
            avif(turned, side, flip),
            turned.transpose(Image.Transpose.ROTATE_90).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            5,
        ),
    }
    wide = picture("avif in display p3")
    kept["display p3 by number.avif"] = (avif(wide, named_colours(12, 13)), _p3_as_srgb(wide), 5)
    not_trusted = {
        "bt 2020.avif": avif(wide, named_colours(9, 1)),
        "hlg.avif": avif(turned, named_colours(12, 18)),
        "pq.avif": avif(turned, named_colours(9, 16)),
        "planes of 16 bits.tif": odd_tiff(deep, RGB, in_planes=True),
        "planes of 16 bits, other order.tif": odd_tiff(deep, RGB, in_planes=True, order=">"),
        "planes of grey and alpha.tif": odd_tiff(grey_alpha, BLACK_IS_ZERO, in_planes=True),
        "white is zero in 16 bits.tif": odd_tiff(
            (255 - grey).astype(np.uint16) * 257, WHITE_IS_ZERO
        ),
        "32 bits.tif": odd_tiff(grey.astype(np.uint32) << 24, BLACK_IS_ZERO),
        "floating.tif": odd_tiff(grey.astype(np.float32) / 255, BLACK_IS_ZERO),
        "signed.tif": odd_tiff(signed, BLACK_IS_ZERO),
        "lab.tif": odd_tiff(lab, LAB),
        "cropped.avif": avif(turned, crop((96, 64), (8, 8, 48, 40))),
        "cropped to all.avif": avif(photo, crop((96, 64), whole)),
        "mirrored before it is turned.avif": avif(turned, flip, side),
    }
    refused = Rejected(Reason.NOT_TRUSTED, "read")
    return [
        *(
            Kind(f"odd: {name}", f"Training/Odd/{name}", content, Kept(_rgb(image), tolerance))
            for name, (content, image, tolerance) in kept.items()
        ),
        *(
            Kind(f"odd: {name}", f"Training/Odd/{name}", content, refused)
            for name, content in not_trusted.items()
        ),
    ]


def _phones() -> list[Kind]:
    """A HEIC as iPhones write it: turned, in Display P3. Made once of a sample photograph."""
    content = (ROOT / "tests" / "photos" / "phone.heic").read_bytes()
    shown_upright = shown(TOMATO.read_bytes()).crop((0, 0, 100, 80))
    cut = content[: len(content) // 2]
    not_an_image = Rejected(Reason.NOT_AN_IMAGE, "read")
    return [
        Kind("heic", "Training/Phone/IMG_1.HEIC", content, Kept(shown_upright, 2)),
        Kind("heic as jpg", "Training/Phone/IMG_2.jpg", content + b"2", Kept(shown_upright, 2)),
        Kind("heic cut in half", "Training/Phone/IMG_3.HEIC", cut, not_an_image),
    ]


def _extra_bytes() -> list[Kind]:
    garbage, pair, second = (picture(name) for name in ("garbage", "pair", "second"))
    return [
        Kind(
            "trailing garbage",
            "Training/Longer/garbage.jpg",
            jpeg(garbage) + b"garbage\xff\xd8\xff" * 50,
            Kept(garbage, 2),
        ),
        Kind(
            "two jpegs in one file",
            "Training/Longer/two.jpg",
            jpeg(pair) + jpeg(second),
            Kept(pair, 2),
        ),
    ]


def _sizes() -> list[Kind]:
    dot = Image.new("RGB", (1, 1), (200, 90, 40))
    line = picture("line").resize((10_000, 2))
    column = picture("column").resize((1, 3_000))
    contents: list[tuple[str, bytes, Outcome]] = [
        ("1x1", encode(dot, "PNG"), Kept(dot)),
        ("10000x2", encode(line, "PNG"), Kept(line)),
        ("1x3000", encode(column, "PNG"), Kept(column)),
        (
            "50000x50000",
            png(50_000, 50_000, 8, 2, bytes(100)),
            Rejected(Reason.TOO_MANY_PIXELS, "read"),
        ),
        ("4294967295x1", tiff(2**32 - 1, 1), Rejected(Reason.TOO_MANY_PIXELS, "read")),
        ("1x2147483648", bmp(1, -(2**31)), Rejected(Reason.TOO_MANY_PIXELS, "read")),
        ("0x0", png(0, 0, 8, 2, b"none"), Rejected(Reason.NOT_AN_IMAGE, "read")),
    ]

    def one_byte_too_many(path: Path) -> None:
        path.write_bytes(jpeg(picture("one byte too many")))
        os.truncate(path, MAX_BYTES + 1)

    return [
        Kind(
            "one byte too many",
            "Training/Sizes/one byte too many.jpg",
            one_byte_too_many,
            Rejected(Reason.TOO_MANY_BYTES, "list"),
        ),
        *(
            Kind(name, f"Training/Sizes/{name}.png", content, outcome)
            for name, content, outcome in contents
        ),
    ]


def _truncations(content: bytes) -> list[Kind]:
    """A real JPEG, cut: before its scan starts it has no header, after it no pixels."""
    scan = content.index(b"\xff\xda")
    photo = shown(content)
    whole = encode(picture("png without its end"), "PNG")
    webp = encode(picture("webp cut by a byte"), "WEBP", lossless=True)
    ends = {f"{tenth}0 percent": len(content) * tenth // 10 for tenth in range(1, 10)}
    ends |= {"in the header": scan // 2, "by its end marker": -2, "by one byte": -1}
    cut_jpegs = [
        Kind(
            f"jpeg cut, {name}",
            f"Training/Truncated/{name}.jpg",
            content[:end],
            Rejected(Reason.NOT_AN_IMAGE, "read")
            if 0 <= end < scan
            else Rejected(Reason.UNDECODABLE, "decode"),
        )
        for name, end in ends.items()
    ]
    return [
        *cut_jpegs,
        # A PNG names its size in its first bytes; WebP's decoder looks at the whole file before.
        *_cut_in_tenths("png", encode(photo, "PNG"), Rejected(Reason.UNDECODABLE, "decode")),
        *_cut_in_tenths("webp", encode(photo, "WEBP"), Rejected(Reason.NOT_AN_IMAGE, "read")),
        *_cut_in_tenths(
            "progressive.jpg",
            jpeg(photo, progressive=True),
            Rejected(Reason.UNDECODABLE, "decode"),
            from_tenth=2,
        ),
        Kind(
            "png without its end",  # every pixel is there, only the end chunk is not
            "Training/Truncated/end.png",
            whole[:-12],
            Kept(picture("png without its end")),
        ),
        Kind(
            "png cut in half",
            "Training/Truncated/half.png",
            whole[: len(whole) // 2],
            Rejected(Reason.UNDECODABLE, "decode"),
        ),
        Kind(
            "webp cut by a byte",  # its decoder looks at the whole file before it names a size
            "Training/Truncated/byte.webp",
            webp[:-1],
            Rejected(Reason.NOT_AN_IMAGE, "read"),
        ),
    ]


def _cut_in_tenths(
    extension: str, content: bytes, outcome: Outcome, from_tenth: int = 1
) -> list[Kind]:
    return [
        Kind(
            f"{extension} cut, {tenth}0 percent",
            f"Training/Truncated/{tenth}0 percent.{extension}",
            content[: len(content) * tenth // 10],
            outcome,
        )
        for tenth in range(from_tenth, 10)
    ]


def _no_photographs() -> list[Kind]:
    icon = encode(Image.new("1", (3000, 3000)), "PNG")
    entry = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(icon), 22)
    drawing = encode(picture("postscript"), "EPS")
    sketch = picture("portable pixmap")
    contents = {
        "text": b"This is a letter, not a photograph.\n",
        "web page": b"<!DOCTYPE html><title>404 Not Found</title>",
        "noise": np.random.default_rng(0).bytes(3000),
        "zeros": bytes(3000),
        "one byte": b"\xff",
        "jpeg marker only": b"\xff\xd8\xff",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(256)),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "jpeg xl": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(range(256)),
        "film": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2" + bytes(range(256)),
        "raw of a camera": b"FUJIFILMCCD-RAW 0201" + bytes(range(256)),
        # Pillow decodes these; the formats are closed to those that photographs come in.
        "portable pixmap": encode(sketch, "PPM"),
        "targa": encode(picture("targa"), "TGA"),
        "jpeg 2000": encode(picture("jpeg 2000"), "JPEG2000"),
        # Pillow decodes an icon to learn its size, so a small file could ask for gigabytes, and
        # hands PostScript to an interpreter of programs where one is installed.
        "icon larger than it says": entry + icon,
        "postscript": drawing,
    }
    empty = Rejected(Reason.EMPTY_FILE, "read")
    return [
        *(
            Kind(
                name,
                f"Training/Other/{name}.jpg",
                content,
                Rejected(Reason.NOT_AN_IMAGE, "read"),
            )
            for name, content in contents.items()
        ),
        Kind(
            "heic under its own name",
            "Training/Other/phone.HEIC",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(255, -1, -1)),
            Rejected(Reason.NOT_AN_IMAGE, "read"),
        ),
        # Two empty files under two labels are both empty, neither copies nor a conflict.
        Kind("zero bytes", "Training/Other/zero bytes.jpg", b"", empty),
        Kind("zero bytes again", "Training/Names/zero bytes.jpg", b"", empty),
    ]


def _no_files(photos: Photos) -> list[Kind]:
    def link(target: str) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    inside = photos.next()
    unreadable = Rejected(Reason.UNREADABLE, "read")
    return [
        Kind("folder named x.jpg", "Training/Special/x.jpg", Path.mkdir, Ignored(None)),
        Kind("empty label folder", "Training/No photographs", Path.mkdir, Ignored(None)),
        Kind("empty folder in both splits", "Test/No photographs", Path.mkdir, Ignored(None)),
        Kind("photo in x.jpg", "Training/Special/x.jpg/in it.jpg", inside, Kept(shown(inside))),
        Kind("pipe", "Training/Special/pipe.jpg", lambda path: os.mkfifo(path), Ignored(None)),
        Kind("link to nothing", "Training/Special/broken.jpg", link("gone.jpg"), unreadable),
        Kind("link to itself", "Training/Special/self.jpg", link("self.jpg"), unreadable),
        Kind("link to a folder above", "Training/Special/up", link("../.."), Ignored(None)),
        Kind("link to its own folder", "Training/Special/here", link("."), Ignored(None)),
    ]


def _names(photos: Photos) -> list[Kind]:
    names = {
        "spaces": " a  b .jpg",
        "single quote": "it's.jpg",
        "double quote": 'an "x".jpg',
        "percent": "a%20b.jpg",
        "broken percent": "100%.jpg",
        "hash": "a#b.jpg",
        "question mark": "a?b=c&d.jpg",
        "colon": "a:b.jpg",
        "scheme": "s3:b.jpg",
        "newline": "a\nb.jpg",
        "carriage return": "a\rb.jpg",
        "tab": "a\tb.jpg",
        "control character": "a\x01b.jpg",
        "backslash": "a\\b.jpg",
        "glob": "[a-z]*{b,c}?.jpg",
        "comma": "a,b;c.jpg",
        "formula": "=1+1.jpg",
        "minus": "-rf.jpg",
        "tilde": "~root.jpg",
        "variable": "$HOME ${HOME}.jpg",
        "chain": "a::b.jpg",
        "emoji": "\N{RED APPLE}\N{ZERO WIDTH JOINER}\N{PEAR}.jpg",
        "precomposed": "caf\u00e9.jpg",
        "combining": "cafe\u0301.jpg",
        "right to left": "\u202egpj.\u202ca.jpg",
        "byte order mark": "\ufeffa.jpg",
        "beyond the first plane": "\U0010fffd.jpg",
        "255 bytes": "n" * 251 + ".jpg",
        "255 bytes of accents": "\u00e9" * 125 + "n.jpg",
        "html": "<script>alert(1)<.jpg",
        "html image": "<img src=x onerror=alert(1)>.jpg",
        "function": '@SUM(1)=HYPERLINK("x").jpg',
        "escaped way up": "%2e%2e%2f%2e%2e%2fx.jpg",
        "backslashes up": "\\..\\..\\x.jpg",
        "template": "%{x} $y$ {z}.jpg",
        "underscore": "_x.jpg",
        "two extensions": "a.tar.jpg",
        "capital extension": "A.JPG",
        "mixed extension": "a.JpEg",
        "looks like an escaped byte": "caf\\xe9.jpg",
    }
    return [
        _good(f"name: {name}", f"Training/Names/{file}", photos) for name, file in names.items()
    ]


def _labels(photos: Photos) -> list[Kind]:
    labels = {
        "underscore": "_Folder",
        "space": "Chili Pepper",
        "spaces around": " a ",
        "single quote": "it's",
        "double quote": 'an "x"',
        "percent": "a%20b",
        "hash": "a#b",
        "question mark": "a?b=c&d",
        "colon": "a:b",
        "newline": "a\nb",
        "emoji": "\u00c4pfel \N{RED APPLE}\N{ZERO WIDTH JOINER}\N{PEAR}",
        "precomposed": "caf\u00e9",
        "combining": "cafe\u0301",
        "right to left": "\u202eelppa\u202c",
        "partition": "label=apple",
        "formula": "=1+1",
        "at sign": "@SUM(1)",
        "html": "<script>alert(1)<",
        "html link": "<a href='javascript:alert(1)'>x<",
        "escaped way up": "%2e%2e%2f%2e%2e",
        "backslashes up": "a\\..\\..",
        "null": "null",
        "number": "007",
        "split": "Training",
        "255 bytes": "L" * 255,
    }
    return [
        _good(f"label: {name}", f"Training/{label}/{index}_100.jpg", photos)
        for name, label in labels.items()
        for index in range(2)
    ]


def _good(name: str, path: str, photos: Photos) -> Kind:
    content = photos.next()
    return Kind(name, path, content, Kept(shown(content)))


def _unusable_names(photos: Photos) -> list[Kind]:
    latin = os.fsdecode(b"caf\xe9")
    ending = os.fsdecode(b"Training/Names/x.\xff")
    not_utf8 = Rejected(Reason.NAME_NOT_UTF8, "list")
    no_label = Rejected(Reason.NO_LABEL, "list")
    return [
        Kind("name in Latin-1", f"Training/Names/{latin}.jpg", photos.next(), not_utf8),
        Kind("label in Latin-1", f"Training/{latin}/0_100.jpg", photos.next(), not_utf8),
        Kind("extension that is no UTF-8", ending, photos.next(), not_utf8),
        Kind("no label", "0_100.jpg", photos.next(), no_label),
        Kind("split and no label", "Training/0_100.jpg", photos.next(), no_label),
    ]


def _copies(photos: Photos) -> list[Kind]:
    twice, disputed = photos.next(), photos.next()
    duplicate = Rejected(Reason.DUPLICATE, "compare")
    conflict = Rejected(Reason.LABEL_CONFLICT, "compare")
    return [
        Kind("the first of three", "Training/Copies/a.jpg", twice, Kept(shown(twice))),
        Kind("a copy", "Training/Copies/b.jpg", twice, duplicate),
        Kind(
            "a link to it",
            "Training/Copies/c.jpg",
            lambda path: path.symlink_to("a.jpg"),
            duplicate,
        ),
        Kind("disputed", "Training/Copies/disputed.jpg", disputed, conflict),
        Kind("disputed elsewhere", "Training/Names/disputed.jpg", disputed, conflict),
    ]


def _ignored(photos: Photos) -> list[Kind]:
    taken = (
        "no extension",
        "jpg",
        "a dot at the end.",
        "x.jpg~",
        "x.jpg ",
        "x.jpg_large",
        "x.jfif",
    )
    photo = photos.next()
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
    return [
        *(_good(f"taken: {name}", f"Training/Names/{name}", photos) for name in taken),
        *(Kind(f"ignored: {p!a}", p, photo, Ignored(counted)) for p, counted in files.items()),
    ]
