"""Writers of image files that Pillow cannot write: rare kinds of TIFF, GIF, AVIF, ICC profiles."""

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, LAB = 0, 1, 2, 3, 5, 8
"""PhotometricInterpretation of TIFF."""


def tiff(
    values: np.ndarray,
    photometric: int,
    *,
    in_planes: bool = False,
    colours: np.ndarray | None = None,
    order: str = "<",
) -> bytes:
    """An uncompressed TIFF.

    Args:
        values: ``(height, width, channels)`` of any type of number.
        photometric: What the channels are.
        in_planes: One channel after the other, instead of one pixel after the other.
        colours: ``(256, 3)`` uint16 of a palette.
        order: Of bytes, ``<`` or ``>``.
    """
    height, width, channels = values.shape
    stored = np.moveaxis(values, -1, 0) if in_planes else values
    data = np.ascontiguousarray(stored, values.dtype.newbyteorder(order)).tobytes()
    plane = len(data) // channels
    bits, kind = values.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    strips = channels if in_planes else 1
    extra = channels - {RGB: 3, LAB: 3, CMYK: 4}.get(photometric, 1)
    directory = ImageFileDirectory_v2(prefix=b"II" if order == "<" else b"MM")
    fields = {
        256: width,
        257: height,
        258: [bits] * channels,
        259: 1,
        262: photometric,
        273: [plane * index for index in range(strips)],  # from where the directory ends
        277: channels,
        278: height,
        279: [plane if in_planes else len(data)] * strips,
        284: 2 if in_planes else 1,
        320: [] if colours is None else colours.T.reshape(-1).tolist(),
        338: [2] * extra,  # alpha that is not multiplied in
        339: [kind] * channels,
    }
    for tag, value in fields.items():
        if value != []:
            directory[tag] = value
    buffer = io.BytesIO()
    directory.save(buffer)
    return buffer.getvalue() + data


def gif_on_a_screen(image: Image.Image, screen: tuple[int, int], at: tuple[int, int]) -> bytes:
    """A GIF whose only frame covers a part of its logical screen."""
    buffer = io.BytesIO()
    image.save(buffer, "GIF")
    content = bytearray(buffer.getvalue())
    struct.pack_into("<HH", content, 6, *screen)
    frame = 13 + 3 * (2 << (content[10] & 7))
    assert content[frame] == ord(",")
    struct.pack_into("<HH", content, frame + 1, *at)
    return bytes(content)


def avif(image: Image.Image, *properties: tuple[bytes, bytes]) -> bytes:
    """An AVIF with more properties of its picture, in this order (name, data)."""
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", quality=95)
    added = [_box(name, data) for name, data in properties]
    grown = sum(map(len, added)) + len(added)
    result = b""
    content = buffer.getvalue()
    if any(name == b"colr" for name, _ in properties):
        content = content.replace(b"colrnclx", b"freenclx")  # the picture's own
    for name, data in _boxes(content):
        if name != b"meta":
            result += _box(name, data)
            continue
        inner = data[:4]
        for child, content in _boxes(data[4:]):
            inner += _box(child, _changed(child, content, added, grown))
        result += _box(name, inner)
    return result


def crop(size: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[bytes, bytes]:
    """The property ``clap`` for a picture of a size: left, top, right, bottom."""
    width, height = box[2] - box[0], box[3] - box[1]
    off = 2 * box[0] + width - size[0], 2 * box[1] + height - size[1]
    return b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, off[0], 2, off[1], 2)


def named_colours(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    """The property ``colr`` with the numbers of ITU-T H.273."""
    return b"colr", b"nclx" + struct.pack(">3HB", primaries, transfer, 6, 0x80)


def _changed(name: bytes, data: bytes, added: list[bytes], grown: int) -> bytes:
    if name == b"iloc":
        return _moved(data, grown)
    if name != b"iprp":
        return data
    (_, properties), (_, uses) = _boxes(data)
    count, used = len(list(_boxes(properties))), uses[10]
    numbers = bytes(0x80 | (count + 1 + index) for index in range(len(added)))
    uses = uses[:10] + bytes([used + len(added)]) + uses[11 : 11 + used] + numbers
    return _box(b"ipco", properties + b"".join(added)) + _box(b"ipma", uses)


def _moved(data: bytes, grown: int) -> bytes:
    """Positions of the only picture, behind what was added."""
    moved = bytearray(data)
    assert struct.unpack_from(">HHH", moved, 4) == (0x4400, 1, 1)
    [position] = struct.unpack_from(">I", moved, 14)
    struct.pack_into(">I", moved, 14, position + grown)
    return bytes(moved)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        [length] = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


# --- ICC profiles --------------------------------------------------------------------------------


def srgb_profile() -> bytes:
    """sRGB, as programs embed it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # its date
    return bytes(profile)


def linear_grey_profile() -> bytes:
    """Grey whose numbers are proportional to light."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": b"curv" + bytes(8)})


def cmyk_profile(ink: tuple[float, float, float]) -> bytes:
    """Ink of which white paper turns by 100 % cyan to a colour in CIE Lab, all else to black."""
    corners = np.zeros((2, 2, 2, 2, 3))
    corners[0, 0, 0, 0], corners[1, 0, 0, 0] = (100, 0, 0), ink
    encoded = np.rint(np.add(corners, (0, 128, 128)) * (652.8, 256, 256)).astype(">u2")
    identity = struct.pack(">9i", *np.eye(3, dtype=int).reshape(-1) * 65536)
    ramps = struct.pack(">2H", 0, 65535)
    table = b"mft2" + bytes(4) + bytes([4, 3, 2, 0]) + identity + struct.pack(">2H", 2, 2)
    table += ramps * 4 + encoded.tobytes() + ramps * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table, b"A2B1": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {**tags, b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)}
    at = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">2I", at + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    header = struct.pack(">I4sI", at + len(data), bytes(4), 0x02400000) + kind + space + connection
    header = header + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + table + data
