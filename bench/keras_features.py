"""Compares the features of a run with Keras's own, photograph by photograph."""

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.dataset as pads
from PIL import Image, ImageOps

from bench.scripts import WEIGHTS, list_photographs, run_script

Matrix = npt.NDArray[np.float32]

SIZE = 224
BATCH = 1000
"""Photographs per call of ``predict``, which Keras cuts into batches of 32."""

IS_COMPUTED = (pads.field("variant") == 0) & pads.field("reason").is_null()
"""Rows of the table ``features`` that are photographs with features."""


def measure(images: Path, storage: Path) -> dict[str, Any]:
    """Compute the features of every photograph by ``predict`` and compare them with a run's.

    Returns:
        Seconds of Keras, the photographs compared, those without features, and ``compare``.
    """
    paths = list_photographs(images)
    begun = time.perf_counter()
    expected = predict(paths)
    seconds = round(time.perf_counter() - begun, 3)
    digests, features = load_digests(storage), load_features(storage)
    rows = [row for row, path in enumerate(paths) if digests.get(str(path)) in features]
    found = np.array([features[digests[str(paths[row])]] for row in rows], np.float32)
    counts = {"images": len(rows), "without_features": len(paths) - len(rows)}
    return {"keras_seconds": seconds, **counts, **compare(expected[rows], found)}


def predict(paths: list[Path]) -> Matrix:
    """Features by MobileNetV2 with the shipped weights, ``(n, 1280)``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    network = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3)
    )
    network.load_weights(WEIGHTS)
    batches = (paths[first : first + BATCH] for first in range(0, len(paths), BATCH))
    decoded = (np.stack([decode_plainly(path) for path in batch]) for batch in batches)
    return np.concatenate([network.predict(pixels, verbose=0) for pixels in decoded])


def decode_plainly(path: Path) -> Matrix:
    """A photograph as MobileNetV2 takes it, ``(224, 224, 3)`` from -1 to 1.

    Independent of the project's decoding, which is compared with it.
    """
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        pixels = upright.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        return np.asarray(pixels, np.float32) / np.float32(127.5) - np.float32(1)


def compare(expected: Matrix, found: Matrix) -> dict[str, float]:
    """How far apart two ``(n, features)`` matrices of the same photographs are."""
    a, b = expected.astype(np.float64), found.astype(np.float64)
    cosines = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return {
        "largest_difference": float(np.abs(a - b).max()),
        "smallest_cosine": float(cosines.min()),
    }


def load_features(storage: Path) -> dict[str, Matrix]:
    """Features of every photograph of a run, ``(features,)`` float32 by sha256."""
    folder = pads.dataset(storage / "04_feature" / "features", format="parquet")
    table = folder.to_table(["sha256", "features"], filter=IS_COMPUTED)
    matrix = np.concatenate([chunk.flatten() for chunk in table["features"].chunks])
    return dict(zip(table["sha256"].to_pylist(), matrix.reshape(len(table), -1), strict=True))


def load_digests(storage: Path) -> dict[str, str]:
    """The sha256 of every readable photograph of a run, by path."""
    folder = pads.dataset(storage / "02_intermediate" / "photographs", format="parquet")
    table = folder.to_table(["path", "sha256"], filter=~pads.field("sha256").is_null())
    return dict(zip(table["path"].to_pylist(), table["sha256"].to_pylist(), strict=True))


if __name__ == "__main__":
    run_script(__doc__, measure, images=Path, storage=Path)
