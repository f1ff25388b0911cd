"""Thumbnails that together fit a page of a given size."""

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.photos.decoding import shrink
from fruits_kedro.photos.reading import read_again
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.tables import Table

if TYPE_CHECKING:
    from PIL.Image import Image

CARD_SIDE = 128
"""Pixels of the longer side of a photograph in a gallery."""
SHEET_COLUMNS = 16
SHEET_TILES = SHEET_COLUMNS * SHEET_COLUMNS
_TILES = ((64, 60), (64, 40), (48, 50), (48, 30), (32, 40), (32, 20), (24, 15), (16, 10))
"""Side and JPEG quality of the tiles of a map, tried in this order until they fit."""
_CARD_QUALITIES = (80, 60, 40, 20)
_AT_ONCE = 16
"""Files read at the same time, because an object store is slow to the first byte."""
_BATCH = 64
"""Files in memory at once."""


@dataclass(frozen=True)
class Thumbnails:
    """Photographs as the page holds them.

    Attributes:
        cards: ``data:`` URIs of the galleries, by sha256.
        sheets: ``data:`` URIs of sheets of 256 square tiles, ``SHEET_COLUMNS`` to a row.
        tiles: Place of each photograph on the sheets, by sha256.
        tile_side: Pixels.
    """

    cards: dict[str, str] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)
    tiles: dict[str, int] = field(default_factory=dict)
    tile_side: int = _TILES[0][0]


def read_photographs(
    images: Table, wanted: Sequence[tuple[str, str]], read_megabytes: int
) -> Iterator[tuple[str, bytes | None]]:
    """Bytes of the ``wanted`` photographs (sha256 and path), in that order.

    They come from the table ``images`` if it has at most ``read_megabytes`` MiB, else from the
    photographs themselves; None if they cannot be read or have changed.
    """
    known: dict[str, Any] = {}
    if images.nbytes <= read_megabytes * 2**20:
        hashes = pc.field("sha256").isin(pa.array([sha for sha, _ in wanted], pa.string()))
        rows = images.read(["sha256", "bytes"], hashes & pc.field("bytes").is_valid())
        known = dict(zip(rows["sha256"].to_pylist(), rows["bytes"], strict=True))

    def content_of(photograph: tuple[str, str]) -> tuple[str, bytes | None]:
        sha, path = photograph
        return sha, known[sha].as_py() if sha in known else read_again(path, sha)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(wanted), _BATCH):
            yield from pool.map(content_of, wanted[start : start + _BATCH])


def make_thumbnails(
    cards: Sequence[str],
    tiles: Sequence[str],
    contents: Iterable[tuple[str, bytes | None]],
    max_pixels: int,
    card_bytes: int,
    tile_bytes: int,
) -> Thumbnails:
    """Decode each photograph once and encode it small, within the budgets.

    Decoding on the driver cannot crash it: only photographs with features are shown, and a worker
    has decoded those before.

    Args:
        cards, tiles: Distinct sha256 of those to show in galleries, and on the map.
        contents: From ``read_photographs``, the most wanted first.
        max_pixels: Most pixels to decode, as the headers announce them, over all photographs.
        card_bytes, tile_bytes: Most characters of the ``data:`` URIs, over all.
    """
    small: dict[str, Image] = {}
    large = frozenset(cards)
    for sha, content in contents:
        side = CARD_SIDE if sha in large else _TILES[0][0]
        found = shrink(content, side, max_pixels) if content else Reason.UNREADABLE
        if not isinstance(found, Reason):
            small[sha], pixels = found
            max_pixels -= pixels
    known = {sha: small[sha] for sha in cards if sha in small}
    _, uris = _first_within(
        card_bytes,
        _CARD_QUALITIES,
        lambda quality: [_data_uri(image, quality) for image in known.values()],
    )
    fitting = sum(total <= card_bytes for total in accumulate(map(len, uris)))
    shown = [sha for sha in tiles if sha in small]
    pieces = [shown[n : n + SHEET_TILES] for n in range(0, len(shown), SHEET_TILES)]
    (side, _), sheets = _first_within(
        tile_bytes,
        _TILES,
        lambda tile: [_sheet([small[sha] for sha in piece], *tile) for piece in pieces],
    )
    return Thumbnails(
        cards=dict(zip(known, uris[:fitting], strict=False)),
        sheets=sheets,
        tiles={sha: place for place, sha in enumerate(shown)},
        tile_side=side,
    )


def _first_within(
    budget: int, choices: Sequence[Any], render: Callable[[Any], list[str]]
) -> tuple[Any, list[str]]:
    """The first choice that renders within a budget of characters, else the last."""
    for choice in choices:
        texts = render(choice)
        if sum(map(len, texts)) <= budget:
            break
    return choice, texts


def _sheet(images: "list[Image]", side: int, quality: int) -> str:
    from PIL import Image

    rows = -(-len(images) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * side, rows * side), "white")
    for place, image in enumerate(images):
        row, column = divmod(place, SHEET_COLUMNS)
        tile = image.copy()
        tile.thumbnail((side, side), Image.Resampling.BICUBIC)  # never makes it larger
        left, top = (side - tile.width) // 2, (side - tile.height) // 2
        sheet.paste(tile, (column * side + left, row * side + top))
    return _data_uri(sheet, quality)


def _data_uri(image: "Image", quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
