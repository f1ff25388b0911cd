"""The sample photographs: the functions that render them, and the committed files."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tools import build_sample
from tools.build_sample import Photo

pytestmark = pytest.mark.tools
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "01_raw" / "sample"


LABELS = {
    "single": (Photo("one"),),
    "several": (Photo("one", "Training"), Photo("two", "Test", "r_")),
}


@pytest.fixture
def stamps(tmp_path):
    """Two lopsided items, read from PNG files; what is transparent is black underneath."""
    result = {}
    for name, colour in (("one", (200, 40, 30, 255)), ("two", (40, 160, 60, 255))):
        image = Image.new("RGBA", (60, 50), (0, 0, 0, 0))
        draw = ImageDraw.Draw(image)
        draw.ellipse((8, 8, 50, 40), fill=colour)
        draw.ellipse((12, 12, 20, 20), fill=(230, 190, 160, 255))
        image.save(tmp_path / f"{name}.png")
        result[name] = Image.open(tmp_path / f"{name}.png")
    return result


@pytest.mark.parametrize("photos", LABELS.values(), ids=LABELS)
def test_pictures_are_small_and_on_white(photos, stamps):
    for view in build_sample.plan(photos):
        image = build_sample.render(build_sample.prepare(stamps[view.stamp]), view)
        assert image.size == (100, 100)
        assert image.mode == "RGB"
        corners = [image.getpixel((x, y)) for x in (0, 99) for y in (0, 99)]
        assert corners == [(255, 255, 255)] * 4


def test_no_dark_fringe_from_hidden_colours():
    stamp = Image.new("RGBA", (60, 50), (0, 0, 0, 0))
    ImageDraw.Draw(stamp).ellipse((8, 8, 50, 40), fill="white")
    for view in build_sample.plan(LABELS["single"]):
        image = build_sample.render(build_sample.prepare(stamp), view)
        darkest = min(low for low, _ in image.getextrema())
        assert darkest >= 255 * build_sample.BRIGHTNESS[0] - 8, "black shows at the edge"


@pytest.mark.parametrize("photos", LABELS.values(), ids=LABELS)
def test_same_input_same_bytes_and_no_two_views_alike(photos, stamps):
    first = dict(build_sample.build_label(photos, stamps))
    assert first == dict(build_sample.build_label(photos, stamps))
    assert len(set(first.values())) == len(first)


@pytest.mark.parametrize("photos", LABELS.values(), ids=LABELS)
def test_splits_share_no_frame_and_no_rotation(photos):
    views = build_sample.plan(photos)
    training = [view for view in views if view.split == "Training"]
    test = [view for view in views if view.split == "Test"]
    assert training
    assert test
    assert not {view.filename for view in training} & {view.filename for view in test}
    assert not {view.angle for view in training} & {view.angle for view in test}
    assert {view.group for view in views} == {"", "r_"}


def test_single_photograph_keeps_test_to_one_arc():
    views = sorted(build_sample.plan(LABELS["single"]), key=lambda view: view.angle)
    changes = sum(a.split != b.split for a, b in zip(views, views[1:] + views[:1], strict=True))
    assert changes == 2


def test_photographs_of_one_label_do_not_straddle_the_splits():
    for photos in build_sample.LABELS.values():
        for photo in photos if len(photos) > 1 else ():
            views = [view for view in build_sample.plan(photos) if view.stamp == photo.stamp]
            assert {(view.split, view.group) for view in views} == {(photo.split, photo.group)}


def test_another_package_is_refused(tmp_path):
    deb = tmp_path / "other.deb"
    deb.write_bytes(b"not the package")
    with pytest.raises(SystemExit, match="sha256"):
        build_sample.verify(deb)


def committed():
    return sorted(SAMPLE.glob("*/*/*"))


def test_committed_files_are_those_of_the_script():
    planned = {
        SAMPLE / view.split / label / view.filename
        for label, photos in build_sample.LABELS.items()
        for view in build_sample.plan(photos)
    }
    assert set(committed()) == planned
    assert (SAMPLE / "README.md").read_text(encoding="utf-8") == build_sample.readme()
    assert "Version 2, June 1991" in (SAMPLE / "COPYING").read_text(encoding="utf-8")


def test_committed_sample_is_varied_enough():
    by_label = {}
    for path in committed():
        by_label.setdefault(path.parent.name, []).append(path)
    assert len(by_label) >= 24
    for label, paths in by_label.items():
        assert len(paths) >= 20, label
        assert {path.parts[-3] for path in paths} == {"Training", "Test"}, label
        assert {path.name.startswith("r_") for path in paths} == {True, False}, label
        assert len({path.name for path in paths}) == len(paths), label


def test_committed_pictures_are_small_distinct_and_named_by_capture():
    contents = [path.read_bytes() for path in committed()]
    assert sum(map(len, contents)) <= 3_000_000
    assert len(set(contents)) == len(contents)
    for path in committed():
        assert re.fullmatch(r"(r_)?\d+_100\.jpg", path.name), path
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (100, 100)), path
