"""Makes 12-megapixel photographs out of small ones.

An enlarged photograph is smooth and decodes far faster than a camera's. Noise makes up for it, as a
sensor adds it; contrast is reduced first, because noise on pure white would be clipped.
"""

import io
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from bench.scripts import CORES, list_photographs

WIDTH, HEIGHT = 4000, 3000
COUNT = 200
DARKEST, BRIGHTEST = 20, 235
BRIGHTNESS_NOISE, COLOUR_NOISE = 5.0, 4.0
"""Standard deviations, of 255."""


def enlarge(photograph: bytes, seed: int) -> bytes:
    """A 4000 × 3000 JPEG of a photograph; deterministic for a seed."""
    noise = np.random.default_rng(seed)
    with Image.open(io.BytesIO(photograph)) as image:
        large = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    pixels = np.asarray(large, np.float32) * ((BRIGHTEST - DARKEST) / 255) + DARKEST
    pixels += noise.standard_normal((HEIGHT, WIDTH, 1), np.float32) * BRIGHTNESS_NOISE
    coarse = noise.standard_normal((HEIGHT // 2, WIDTH // 2, 3), np.float32) * COLOUR_NOISE
    pixels += coarse.repeat(2, axis=0).repeat(2, axis=1)
    noisy = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    noisy.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def write_large(folder: Path, output: Path) -> None:
    """Enlarge ``COUNT`` photographs of a folder into the same places below ``output``."""
    paths = list_photographs(folder)
    chosen = paths[:: max(1, len(paths) // COUNT)][:COUNT]
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(partial(_write_one, folder, output), chosen, range(len(chosen))))


def _write_one(folder: Path, output: Path, path: Path, seed: int) -> None:
    target = output / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(enlarge(path.read_bytes(), seed))
