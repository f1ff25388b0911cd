"""Small copies of photographs that together fit a page of a given size."""

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fruits_kedro.photos.decoding import shrink
from fruits_kedro.photos.reasons import Reason

if TYPE_CHECKING:
    from PIL.Image import Image

CARD_SIDE = 128
"""Pixels of the longer side of a photograph in a gallery."""
SHEET_COLUMNS = 16
SHEET_TILES = SHEET_COLUMNS * SHEET_COLUMNS
_TILES = ((64, 60), (64, 40), (48, 50), (48, 30), (32, 40), (32, 20), (24, 15), (16, 10))
"""Side and JPEG quality of the tiles of a map, tried in this order until they fit."""
_CARD_QUALITIES = (80, 60, 40, 20)


@dataclass(frozen=True)
class Thumbnails:
    """Photographs as the page holds them.

    Attributes:
        cards: ``data:`` URIs of the galleries, by sha256.
        sheets: ``data:`` URIs of sheets of square tiles, ``SHEET_COLUMNS`` to a row and 256 to a
            sheet.
        tiles: Place of each photograph on the sheets, by sha256.
        tile_side: Pixels.
        left_out: Photographs that could not be read or were more than the budget.
    """

    cards: dict[str, str] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)
    tiles: dict[str, int] = field(default_factory=dict)
    tile_side: int = _TILES[0][0]
    left_out: int = 0


def make_thumbnails(
    cards: Sequence[str],
    tiles: Sequence[str],
    contents: Iterable[tuple[str, bytes | None]],
    max_pixels: int,
    card_bytes: int,
    tile_bytes: int,
) -> Thumbnails:
    """Decode each photograph once and encode it small, within the budgets.

    Decoding on the driver is safe from decoders that crash: only photographs with features are
    shown, which a worker has decoded before.

    Args:
        cards, tiles: sha256 of those to show in galleries, and on the map.
        contents: sha256 and bytes, the most wanted first; None where they cannot be read.
        max_pixels: Pixels to decode, as the headers announce them, over all photographs.
        card_bytes, tile_bytes: Characters of the ``data:`` URIs, over all.
    """
    small = dict(_decode(contents, frozenset(cards), max_pixels))
    known_cards = [sha for sha in dict.fromkeys(cards) if sha in small]
    known_tiles = [sha for sha in dict.fromkeys(tiles) if sha in small]
    side, sheets = _sheets([small[sha] for sha in known_tiles], tile_bytes)
    return Thumbnails(
        # Beyond the budget the last have none.
        cards=dict(
            zip(known_cards, _cards([small[s] for s in known_cards], card_bytes), strict=False)
        ),
        sheets=sheets,
        tiles={sha: place for place, sha in enumerate(known_tiles)},
        tile_side=side,
        left_out=len({*cards, *tiles}) - len(small),
    )


def _decode(
    contents: Iterable[tuple[str, bytes | None]], large: frozenset[str], max_pixels: int
) -> "Iterator[tuple[str, Image]]":
    for sha, content in contents:
        side = CARD_SIDE if sha in large else _TILES[0][0]
        found = shrink(content, side, max_pixels) if content else Reason.UNREADABLE
        if not isinstance(found, Reason):
            image, pixels = found
            max_pixels -= pixels
            yield sha, image


def _cards(images: "list[Image]", budget: int) -> list[str]:
    found: list[str] = []
    for quality in _CARD_QUALITIES:
        found = [_data_uri(image, quality) for image in images]
        if sum(map(len, found)) <= budget:
            return found
    kept = 0
    for uri in found:
        budget -= len(uri)
        kept += budget >= 0
    return found[:kept]


def _sheets(images: "list[Image]", budget: int) -> tuple[int, list[str]]:
    """Side of a tile, and the sheets."""
    side, sheets = _TILES[0][0], []
    for side, quality in _TILES:
        pieces = range(0, len(images), SHEET_TILES)
        sheets = [_sheet(images[n : n + SHEET_TILES], side, quality) for n in pieces]
        if sum(map(len, sheets)) <= budget:
            break
    return side, sheets


def _sheet(images: "list[Image]", side: int, quality: int) -> str:
    from PIL import Image

    rows = -(-len(images) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * side, rows * side), "white")
    for place, image in enumerate(images):
        row, column = divmod(place, SHEET_COLUMNS)
        tile = image
        if max(image.size) > side:
            tile = image.copy()
            tile.thumbnail((side, side), Image.Resampling.BICUBIC)
        left, top = (side - tile.width) // 2, (side - tile.height) // 2
        sheet.paste(tile, (column * side + left, row * side + top))
    return _data_uri(sheet, quality)


def _data_uri(image: "Image", quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
