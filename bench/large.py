"""Makes 12-megapixel photographs out of small ones: ``python -m bench.large FOLDER OUT``.

A small photograph made larger is smooth and would compress, and so decode, far better than what a
camera writes. So noise is added, as a sensor does: in the brightness of every pixel, and coarser in
the colours. Highlights are drawn in first, because noise on pure white would be cut off by half.
"""

import argparse
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.machine import usable_cores
from bench.photographs import list_photographs

WIDTH, HEIGHT = 4000, 3000
COUNT = 200
QUALITY = 90
BRIGHTNESS_NOISE = 5.0
COLOUR_NOISE = 4.0
"""Standard deviations of 0 to 255."""

DARKEST, BRIGHTEST = 20, 235


def enlarge(photograph: bytes, seed: int) -> bytes:
    """A 4000 × 3000 JPEG file of a photograph, the same for the same seed."""
    noise = np.random.default_rng(seed)
    with Image.open(io.BytesIO(photograph)) as image:
        large = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    pixels = np.asarray(large, np.float32) * ((BRIGHTEST - DARKEST) / 255) + DARKEST
    pixels += noise.standard_normal((HEIGHT, WIDTH, 1), np.float32) * BRIGHTNESS_NOISE
    coarse = noise.standard_normal((HEIGHT // 2, WIDTH // 2, 3), np.float32) * COLOUR_NOISE
    pixels += _doubled(coarse)
    noisy = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    noisy.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _doubled(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values.repeat(2, axis=0).repeat(2, axis=1)


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most ``count`` of the paths, evenly spread over all of them."""
    if len(paths) <= count:
        return list(paths)
    return [paths[index * len(paths) // count] for index in range(count)]


def write_large(folder: Path, output: Path, count: int = COUNT) -> int:
    """Write large photographs into the same folders below ``output``.

    Returns:
        The number of photographs written.
    """
    chosen = spread(list_photographs(folder), count)
    with ProcessPoolExecutor(usable_cores()) as pool:
        return sum(pool.map(partial(_write_one, folder, output), chosen, range(len(chosen))))


def _write_one(folder: Path, output: Path, path: Path, seed: int) -> int:
    target = output / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(enlarge(path.read_bytes(), seed))
    return 1


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    arguments = parser.parse_args()
    written = write_large(arguments.folder, arguments.output, arguments.count)
    print(f"{written} photographs in {arguments.output}")


if __name__ == "__main__":
    main()
