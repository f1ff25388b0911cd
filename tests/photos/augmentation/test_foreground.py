"""A fruit is found in front of a studio background, whole and without a rim of it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from runs import SAMPLE

from fruits_kedro.photos.augmentation.foreground import cut_out, uniform_border
from fruits_kedro.photos.decoding import decode

SIZE = 224


def drawn(background, fruit=(200, 40, 30), box=(50, 70, 180, 160)) -> np.ndarray:
    picture = Image.new("RGB", (SIZE, SIZE), background)
    ImageDraw.Draw(picture).ellipse(box, fill=fruit)
    return np.asarray(picture)


@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (30, 90, 60), (180, 180, 180)])
def test_any_background_of_one_colour_is_cut_away(background):
    fruit = cut_out(drawn(background))
    assert fruit.background == background
    alpha = np.asarray(fruit.image.getchannel("A"))
    assert alpha.shape[1] == pytest.approx(130, abs=12)
    assert alpha.shape[0] == pytest.approx(90, abs=12)
    seen = np.asarray(fruit.image)[alpha > 128][:, :3]
    assert (np.abs(seen.astype(int) - (200, 40, 30)).max(axis=1) < 12).mean() > 0.99


def test_a_pale_rim_goes_with_the_background():
    """As peel that ends in a light edge, and as what a camera mixes of fruit and background."""
    pixels = drawn((255, 255, 255), fruit=(225, 222, 210)).copy()
    inner = drawn((255, 255, 255), box=(56, 76, 174, 154))
    fruit = inner.min(axis=2) < 100
    pixels[fruit] = inner[fruit]
    values = np.asarray(cut_out(pixels).image).astype(int)
    seen = values[values[..., 3] > 100][:, :3]
    assert (seen.min(axis=1) < 150).mean() > 0.98


def test_shine_of_the_background_s_colour_stays_part_of_the_fruit():
    pixels = drawn((255, 255, 255)).copy()
    pixels[100:115, 90:110] = 255
    alpha = np.asarray(cut_out(pixels).image.getchannel("A"))
    middle = alpha[alpha.shape[0] // 4 : -alpha.shape[0] // 4, alpha.shape[1] // 4 : -40]
    assert middle.min() > 200


@pytest.mark.parametrize("cells", [7, 1])
@pytest.mark.parametrize("seed", range(3))
def test_a_photograph_without_a_studio_or_a_fruit_is_left_whole(seed, cells):
    colours = np.random.default_rng(seed).integers(0, 256, (cells, cells, 3)).astype(np.uint8)
    pixels = np.asarray(Image.fromarray(colours).resize((SIZE, SIZE)))
    assert cut_out(pixels) is None
    assert uniform_border(pixels) == (cells == 1)


@pytest.mark.parametrize("label", ["Apple", "Banana", "Kiwi", "Tomato"])
def test_photographs_of_the_sample_are_cut_without_a_white_rim(label):
    file = sorted((SAMPLE / "Training" / label).glob("*.jpg"))[0]
    pixels = decode(file.read_bytes(), SIZE)
    assert uniform_border(pixels)
    fruit = cut_out(pixels)
    values = np.asarray(fruit.image).astype(int)
    edge = (values[..., 3] > 60) & (values[..., 3] < 200)
    assert edge.sum() > 100
    white = values[edge][:, :3].min(axis=1) > 235
    assert white.mean() < 0.1
