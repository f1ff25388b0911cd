"""Scenes are photographs again, of the same shape, and nothing but the names decides them."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from runs import SAMPLE

from fruits_kedro.photos.augmentation.backgrounds import Backgrounds, shipped_backgrounds
from fruits_kedro.photos.augmentation.scene import Recipe
from fruits_kedro.photos.decoding import decode

SIZE = 224
BACKGROUNDS = shipped_backgrounds("train")
RECIPE = Recipe(0.5, 0.2, 1.0, 42, BACKGROUNDS)


def photograph(label: str, size: int = SIZE) -> np.ndarray:
    return decode((SAMPLE / "Training" / label / "0_100.jpg").read_bytes(), size)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [32, 96, SIZE])
@pytest.mark.parametrize("shares", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_scene_has_the_shape_of_the_photograph(size, shares):
    pixels, recipe = photograph("Kiwi", size), Recipe(*shares, 1, 42, BACKGROUNDS)
    for variant in range(8):
        scene = recipe.copy(pixels, "scene", variant)
        assert (scene.shape, scene.dtype) == ((size, size, 3), np.uint8)
        assert scene.std() > 3


def test_a_scene_needs_neither_photographs_nor_a_studio():
    without = replace(RECIPE, photograph_share=1.0, studio_share=0.0, backgrounds=Backgrounds(()))
    assert without.copy(photograph("Apple"), "a", 1).shape == (SIZE, SIZE, 3)
    assert RECIPE.copy(noise(), "a", 1).shape == (SIZE, SIZE, 3)


def test_a_copy_is_always_the_same_and_differs_by_photograph_variant_and_seed():
    apple, other = photograph("Apple"), replace(RECIPE, seed=1)
    made = [(RECIPE, "a", 1), (RECIPE, "b", 1), (RECIPE, "a", 2), (other, "a", 1), (RECIPE, "a", 1)]
    copies = [recipe.copy(apple, sha256, variant).tobytes() for recipe, sha256, variant in made]
    assert copies[0] == copies[-1]
    assert len(set(copies)) == 4


def test_copies_are_those_of_the_first_version():
    """Pixels that change need another ``scene.VERSION``: stored features would not match them."""
    digest = hashlib.sha256()
    for size in (32, 96, 224):
        for file in sorted(SAMPLE.glob("Training/*/0_100.jpg"))[:2]:
            content = file.read_bytes()
            for style in ((0.5, 0.2, 1.0), (1.0, 0.0, 1.0), (0.0, 1.0, 0.4)):
                recipe = Recipe(*style, 42, BACKGROUNDS)
                for variant in (1, 2):
                    sha256 = hashlib.sha256(content).hexdigest()
                    digest.update(recipe.copy(decode(content, size), sha256, variant).tobytes())
    digest.update(replace(RECIPE, backgrounds=Backgrounds(())).copy(noise(), "a", 1).tobytes())
    assert digest.hexdigest()[:16] == "0de0f128c05a923a"
    named = replace(RECIPE, backgrounds=SimpleNamespace(id="x"))
    assert named.fingerprint("y") == "e8248d78ded4c40a"


def test_the_fingerprint_changes_with_all_that_changes_copies():
    changes = {"photograph_share": 0.4, "studio_share": 0.1, "light": 0.4, "seed": 43}
    changes["backgrounds"] = Backgrounds(())
    recipes = [RECIPE, *(replace(RECIPE, **{name: value}) for name, value in changes.items())]
    names = {recipe.fingerprint("backbone") for recipe in recipes}
    assert len(names | {RECIPE.fingerprint("other")}) == 7
