"""Large photographs made of small ones."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.large import HEIGHT, WIDTH, enlarge, spread

PATHS = [Path(str(number)) for number in range(10)]


def test_a_choice_is_spread_over_all():
    assert spread(PATHS, 5) == [PATHS[0], PATHS[2], PATHS[4], PATHS[6], PATHS[8]]


@pytest.mark.parametrize("count", [10, 11])
def test_few_paths_are_all_taken(count):
    assert spread(PATHS, count) == PATHS


def test_a_large_photograph_is_heavy_as_a_cameras_and_shows_the_same(sample):
    small = (sample / "Test" / "Apple" / "r_8_100.jpg").read_bytes()
    large = enlarge(small, seed=1)
    # 12-megapixel cameras write 2 to 6 MB; without noise it would be a tenth of that.
    assert 2_000_000 < len(large) < 6_000_000
    with Image.open(io.BytesIO(large)) as image, Image.open(io.BytesIO(small)) as original:
        assert image.size == (WIDTH, HEIGHT)
        seen = np.asarray(image.resize((50, 50)), np.float32)
        expected = np.asarray(original.convert("RGB").resize((50, 50)), np.float32)
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.99
