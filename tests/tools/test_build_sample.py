"""The sample photographs: which views the script plans, and the committed files."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tools import build_sample
from tools.build_sample import Photo

pytestmark = pytest.mark.tools
SAMPLE = build_sample.DEFAULT_OUT
LABELS = {
    "single": (Photo("one"),),
    "several": (Photo("one", "Training"), Photo("two", "Test", "r_")),
}


@pytest.mark.parametrize("photos", LABELS.values(), ids=LABELS)
def test_splits_share_no_frame_and_no_rotation(photos):
    views = build_sample.plan(photos)
    both = ([view for view in views if view.split == split] for split in ("Training", "Test"))
    training, test = ({(view.filename, view.angle) for view in side} for side in both)
    assert training and test
    for column in (0, 1):
        assert not {row[column] for row in training} & {row[column] for row in test}
    assert {view.group for view in views} == {"", "r_"}


def test_photographs_of_one_label_do_not_straddle_the_splits():
    for photos in build_sample.LABELS.values():
        for photo in photos if len(photos) > 1 else ():
            views = [view for view in build_sample.plan(photos) if view.stamp == photo.stamp]
            assert {(view.split, view.group) for view in views} == {(photo.split, photo.group)}


def test_committed_files_are_those_of_the_script():
    planned = {
        SAMPLE / view.split / label / view.filename
        for label, photos in build_sample.LABELS.items()
        for view in build_sample.plan(photos)
    }
    committed = set(SAMPLE.glob("*/*/*"))
    assert committed == planned
    assert (SAMPLE / "README.md").read_text(encoding="utf-8") == build_sample.readme()
    assert "Version 2, June 1991" in (SAMPLE / "COPYING").read_text(encoding="utf-8")
    contents = {path.read_bytes() for path in committed}
    assert len(contents) == len(committed)
    assert sum(map(len, contents)) <= 3_000_000
    for path in committed:
        assert re.fullmatch(r"(r_)?\d+_100\.jpg", path.name), path
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (100, 100)), path


def test_committed_sample_is_varied_enough():
    labels: dict[str, list[Path]] = {}
    for path in SAMPLE.glob("*/*/*"):
        labels.setdefault(path.parent.name, []).append(path)
    assert len(labels) >= 24
    for label, paths in labels.items():
        assert len(paths) >= 20, label
        assert {path.parts[-3] for path in paths} == {"Training", "Test"}, label
        assert {path.name.startswith("r_") for path in paths} == {True, False}, label
