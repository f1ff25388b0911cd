"""Scenes are photographs again, of the same shape, and nothing but the names decides them."""

import hashlib

import numpy as np
import pytest
from PIL import Image
from runs import SAMPLE

from fruits_kedro.photos.augmentation.backgrounds import opened, shipped_backgrounds
from fruits_kedro.photos.augmentation.recipe import Recipe, random_of
from fruits_kedro.photos.augmentation.scene import Style, make_scene
from fruits_kedro.photos.decoding import decode

SIZE = 224


@pytest.fixture(scope="module")
def apple() -> np.ndarray:
    return decode((SAMPLE / "Training" / "Apple" / "0_100.jpg").read_bytes(), SIZE)


@pytest.fixture(scope="module")
def photographs() -> tuple[Image.Image, ...]:
    return opened(shipped_backgrounds("train").photographs)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [32, 96, SIZE])
@pytest.mark.parametrize("style", [Style(0, 0, 1), Style(0, 1, 1), Style(1, 0, 1), Style(1, 1, 1)])
def test_a_scene_has_the_shape_of_the_photograph(photographs, size, style):
    pixels = decode((SAMPLE / "Training" / "Kiwi" / "0_100.jpg").read_bytes(), size)
    for number in range(8):
        scene = make_scene(pixels, random_of("scene", number), photographs, style)
        assert (scene.shape, scene.dtype) == ((size, size, 3), np.uint8)
        assert scene.std() > 3


def test_a_scene_needs_neither_photographs_nor_a_studio(apple, photographs):
    style = Style(1.0, 0.0, 1.0)
    assert make_scene(apple, random_of(1), (), style).shape == apple.shape
    assert make_scene(noise(), random_of(1), photographs, style).shape == (SIZE, SIZE, 3)


def test_a_copy_is_always_the_same_and_differs_by_photograph_variant_and_seed(apple, photographs):
    def copy(sha256="a" * 64, variant=1, seed=42) -> bytes:
        recipe = Recipe(Style(0.5, 0.2, 1.0), seed, "backgrounds")
        return recipe.copy(apple, sha256, variant, photographs).tobytes()

    assert copy() == copy()
    assert len({copy(), copy(variant=2), copy(seed=1), copy(sha256="b" * 64)}) == 4


def test_copies_are_those_of_the_first_version():
    """Pixels that change need another ``recipe.VERSION``: stored features would not match them."""
    digest = hashlib.sha256()
    backgrounds = shipped_backgrounds("train")
    for size in (32, 96, 224):
        for file in sorted(SAMPLE.glob("Training/*/0_100.jpg"))[:2]:
            content = file.read_bytes()
            pixels = decode(content, size)
            for style in (Style(0.5, 0.2, 1.0), Style(1.0, 0.0, 1.0), Style(0.0, 1.0, 0.4)):
                recipe = Recipe(style, 42, backgrounds.id)
                for variant in (1, 2):
                    sha256 = hashlib.sha256(content).hexdigest()
                    copy = recipe.copy(pixels, sha256, variant, opened(backgrounds.photographs))
                    digest.update(copy.tobytes())
    digest.update(Recipe(Style(0.5, 0.2, 1.0), 42, "x").copy(noise(), "a", 1, ()).tobytes())
    assert digest.hexdigest()[:16] == "0de0f128c05a923a"
    assert Recipe(Style(0.5, 0.2, 1.0), 42, "x").fingerprint("y") == "e8248d78ded4c40a"


def test_the_fingerprint_changes_with_all_that_changes_copies():
    styles = [(0.5, 0.2, 1.0), (0.4, 0.2, 1.0), (0.5, 0.1, 1.0), (0.5, 0.2, 0.4)]
    recipes = [Recipe(Style(*style), 42, "x") for style in styles]
    recipes += [Recipe(Style(*styles[0]), 43, "x"), Recipe(Style(*styles[0]), 42, "y")]
    names = [recipe.fingerprint("backbone") for recipe in recipes]
    assert len({*names, recipes[0].fingerprint("other")}) == 7
