"""Cutting backgrounds: views of a panorama and parts of a photograph."""

import numpy as np
import pytest

from tools.cut_backgrounds import HELD_OUT, PHOTOS, SIZE, TRAIN, crops_of, view_of

pytestmark = pytest.mark.tools


def test_no_photograph_is_on_both_sides():
    files = [photo.file for photo in PHOTOS]
    assert len(set(files)) == len(files)
    count = {part: sum(p.tiles for p in PHOTOS if p.split == part) for part in (TRAIN, HELD_OUT)}
    assert count == {TRAIN: 84, HELD_OUT: 36}


@pytest.mark.parametrize("size", [(600, 400), (300, 900), (512, 512)])
def test_crops_are_squares_inside_the_photograph(size):
    for left, top, right, bottom in crops_of(*size, 4):
        assert right - left == pytest.approx(bottom - top)
        assert left >= 0 <= top
        assert right <= size[0] + 1e-6
        assert bottom <= size[1] + 1e-6


def test_a_view_looks_where_it_is_pointed():
    panorama = np.zeros((100, 200, 3), np.uint8)
    panorama[:50, :, 0] = 255  # sky
    panorama[:, 140:160, 1] = 255  # a pillar a quarter turn to the right
    level = np.asarray(view_of(panorama, 0, 0))
    assert level.shape == (SIZE, SIZE, 3)
    assert level[20, :, 0].min() == 255
    assert level[-20, :, 0].max() == 0
    assert np.asarray(view_of(panorama, 90, 0))[SIZE // 2, SIZE // 2, 1] == 255
    assert level[SIZE // 2, SIZE // 2, 1] == 0
    assert np.asarray(view_of(panorama, 0, -60))[..., 0].max() == 0
