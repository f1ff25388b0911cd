"""Small pictures: what fits is kept, the most wanted first."""

import base64
import hashlib
import io

import pytest
from PIL import Image
from report_pages import photograph, stored

from fruits_kedro.pipelines.reporting.report.thumbnails import (
    SHEET_TILES,
    Thumbnails,
    make_thumbnails,
    read_photographs,
)
from fruits_kedro.storage.schemas import IMAGES

PLENTY = 10**9


def contents(count: int, side: int = 80) -> list[tuple[str, bytes | None]]:
    return [(f"sha{n}", photograph(n, side)) for n in range(count)]


def decoded(uri: str) -> Image.Image:
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


def test_cards_keep_their_shape_and_tiles_are_squares_on_sheets():
    photos = contents(SHEET_TILES + 2)
    buffer = io.BytesIO()
    Image.new("RGB", (300, 150), "red").save(buffer, "PNG")
    photos[0] = ("wide", buffer.getvalue())
    names = [sha for sha, _ in photos]
    made = make_thumbnails(["wide"], names, photos, PLENTY, PLENTY, PLENTY)
    assert decoded(made.cards["wide"]).size == (128, 64)
    assert [decoded(sheet).size for sheet in made.sheets] == [(1024, 1024), (1024, 64)]
    assert made.tiles["wide"] == 0 and made.tiles[names[-1]] == SHEET_TILES + 1
    tile = decoded(made.sheets[0]).crop((0, 0, 64, 64))
    assert tile.getpixel((32, 4)) > (240, 240, 240)
    red = tile.getpixel((32, 32))
    assert red[0] > 200 and red[1] < 60


@pytest.mark.parametrize("budget", [60_000, 200_000])
def test_the_budget_of_characters_holds(budget):
    photos = contents(200)
    names = [sha for sha, _ in photos]
    made = make_thumbnails(names, names, photos, PLENTY, budget, budget)
    assert sum(map(len, made.cards.values())) <= budget
    assert sum(map(len, made.sheets)) <= budget
    assert list(made.cards) == names[: len(made.cards)]
    assert len(made.tiles) == 200


def test_pixels_are_decoded_up_to_the_limit_the_most_wanted_first():
    photos = contents(4)
    names = [sha for sha, _ in photos]
    made = make_thumbnails(names[:1], names, photos, 2 * 80 * 80, PLENTY, PLENTY)
    assert list(made.tiles) == names[:2]
    assert make_thumbnails([], [], [], PLENTY, PLENTY, PLENTY) == Thumbnails()


def test_what_cannot_be_read_or_decoded_is_left_out():
    whole = photograph(1)
    photos = [("gone", None), ("text", b"a letter"), ("half", whole[:400]), ("whole", whole)]
    names = [sha for sha, _ in photos]
    made = make_thumbnails(names, names, photos, PLENTY, PLENTY, PLENTY)
    assert list(made.cards) == list(made.tiles) == ["whole"]


@pytest.mark.parametrize("megabytes", [1, 0])
def test_bytes_come_from_a_small_table_and_else_from_the_files(tmp_path, megabytes):
    contents = {name: photograph(n) for n, name in enumerate(("stored", "file", "changed"))}
    wanted = []
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(b"other" if name == "changed" else content)
        wanted.append((hashlib.sha256(content).hexdigest(), str(path)))
    wanted.append(("0" * 64, str(tmp_path / "gone")))
    images = stored(
        tmp_path / "images",
        IMAGES,
        sha256=[sha for sha, _ in wanted],
        bytes=[contents["stored"], None, None, None],
    )
    (tmp_path / "stored").write_bytes(b"" if megabytes else contents["stored"])
    found = list(read_photographs(images, wanted, megabytes))
    assert [sha for sha, _ in found] == [sha for sha, _ in wanted]
    assert [content for _, content in found] == [*list(contents.values())[:2], None, None]
