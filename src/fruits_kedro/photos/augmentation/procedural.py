"""Drawn backgrounds: plain, cloudy, wooden, woven, speckled, or a table before a wall."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

Random = np.random.Generator

Field = npt.NDArray[np.float32]
"""``(size, size)``, from 0 to 1."""

Colour = npt.NDArray[np.float32]
"""Red, green and blue from 0 to 255."""


def draw_background(random: Random, size: int) -> Image.Image:
    """Draw a square of a random kind, with ``size`` pixels on each side."""
    surface = _surface(random, size)
    if random.random() < 0.3:
        wall, edge = _surface(random, size), int(size * random.uniform(0.2, 0.7))
        surface = np.concatenate([wall[:edge], surface[edge:]])
    return Image.fromarray(np.clip(surface, 0, 255).astype(np.uint8))


def _surface(random: Random, size: int) -> npt.NDArray[np.float32]:
    kinds: list[tuple[float, Callable[[Random, int], Field]]] = [
        (0.15, _ramp),
        (0.25, _clouds),
        (0.25, _wood),
        (0.15, _cloth),
        (0.20, _speckles),
    ]
    chosen = random.choice(len(kinds), p=[share for share, _ in kinds])
    field = kinds[chosen][1](random, size)
    first, second = _two_colours(random)
    return first + field[..., np.newaxis] * (second - first)


def _two_colours(random: Random) -> tuple[Colour, Colour]:
    """A colour of any brightness, mostly dull as tables and walls are, and one near it or not."""
    grey, tint = random.uniform(25, 245), random.normal(0, 1, 3)
    first = grey + tint * random.choice([6.0, 25.0, 60.0], p=[0.4, 0.4, 0.2])
    if random.random() < 0.35:  # brown, as wood is
        first = random.uniform(0.5, 1.15) * np.array([176, 126, 80]) + random.normal(0, 10, 3)
    second = first + random.normal(0, 1, 3) * 10 + random.normal(0, 40)
    return first.astype(np.float32), second.astype(np.float32)


def _ramp(random: Random, size: int) -> Field:
    angle = random.uniform(0, 2 * np.pi)
    steps = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    return np.add.outer(steps * np.sin(angle), steps * np.cos(angle)) + np.float32(0.5)


def _clouds(random: Random, size: int) -> Field:
    """Noise of several scales."""
    total = np.zeros((size, size), np.float32)
    for cells, weight in ((4, 0.5), (12, 0.3), (40, 0.2)):
        total += np.float32(weight) * _noise(random, cells, cells, size)
    return total


def _noise(random: Random, rows: int, columns: int, size: int) -> Field:
    cells = Image.fromarray(random.random((rows, columns)).astype(np.float32))
    return np.asarray(cells.resize((size, size), Image.Resampling.BICUBIC))


def _wood(random: Random, size: int) -> Field:
    """Grain along one side, and sometimes planks."""
    grain = _noise(random, int(random.integers(20, 90)), 3, size)
    rings = np.sin((grain + _noise(random, 5, 2, size)) * np.float32(random.uniform(4, 14)))
    field = 0.35 * rings + 0.5 * grain + 0.25
    if random.random() < 0.6:
        plank = size // int(random.integers(2, 7))
        field[::plank] -= 0.8
        shades = random.uniform(-0.25, 0.25, size // plank + 1).astype(np.float32)
        field += np.repeat(shades, plank)[:size, np.newaxis]
    return field.astype(np.float32) if random.random() < 0.5 else field.T.astype(np.float32)


def _cloth(random: Random, size: int) -> Field:
    """Stripes or checks, on a weave."""
    period = int(random.integers(6, 60))
    stripes = (np.arange(size) // period % 2).astype(np.float32)
    across = stripes if random.random() < 0.5 else np.zeros(size, np.float32)
    return 0.5 * (stripes[:, np.newaxis] + across) + 0.15 * _noise(
        random, size // 2, size // 2, size
    )


def _speckles(random: Random, size: int) -> Field:
    """Stone: grains of one size on clouds."""
    cells = int(random.integers(size // 6, size))
    return 0.7 * _noise(random, cells, cells, size) + 0.3 * _noise(random, 5, 5, size)
