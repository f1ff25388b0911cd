"""(b) Plain Keras: ``predict`` in one process without Spark, decoding and resizing included."""

import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from bench.photographs import list_photographs
from bench.results import measure_places
from fruits_kedro.model.backbone.artefact import N_FEATURES
from fruits_kedro.model.backbone.weights import SHIPPED, locate_weights

if TYPE_CHECKING:
    import keras

SIZE = 224
BATCH = 1000
"""Photographs per call of ``predict``, which cuts them into Keras's own batches of 32: as many as
the original's way has in one Arrow batch."""

FEATURES = "features.npy"
PATHS = "paths.json"


def measure(images: Path, output: Path) -> dict[str, Any]:
    """Compute the features of every photograph.

    Args:
        images: The folder of photographs.
        output: Folder that takes ``features.npy``, ``(n, 1280)`` float32, and ``paths.json``.

    Returns:
        Seconds until the network was ready, of decoding and resizing, of ``predict``, and of both
        together from the first photograph to the last.
    """
    start = time.perf_counter()
    network = build_network()
    ready = time.perf_counter()
    paths = list_photographs(images)
    features = np.empty((len(paths), N_FEATURES), np.float32)
    predicting = 0.0
    begun = time.perf_counter()
    for first, pixels in decoded_batches(paths):
        before = time.perf_counter()
        features[first : first + len(pixels)] = network.predict(pixels, verbose=0)
        predicting += time.perf_counter() - before
    ended = time.perf_counter()
    write_features(output, paths, features)
    return {
        "images": len(paths),
        "ready_seconds": round(ready - start, 3),
        "decode_seconds": round(ended - begun - predicting, 3),
        "predict_seconds": round(predicting, 3),
        "all_seconds": round(ended - begun, 3),
    }


def build_network() -> "keras.Model":
    """MobileNetV2 with the shipped weights, traced once so that no photograph pays for it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    network = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3)
    )
    network.load_weights(locate_weights(SHIPPED))
    network.predict(np.zeros((1, SIZE, SIZE, 3), np.float32), verbose=0)
    return network


def decoded_batches(paths: list[Path]) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Position of the first photograph and the scaled pixels of each batch."""
    for first in range(0, len(paths), BATCH):
        batch = paths[first : first + BATCH]
        yield first, np.stack([decode_plainly(path.read_bytes()) for path in batch])


def decode_plainly(content: bytes) -> npt.NDArray[np.float32]:
    """A photograph as Keras's MobileNetV2 takes it, by Pillow alone.

    None of the project's decoding is used: this is what its features are compared with.

    Returns:
        ``(224, 224, 3)`` float32 from -1 to 1.
    """
    with Image.open(io.BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        pixels = upright.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        return np.asarray(pixels, np.float32) / np.float32(127.5) - np.float32(1)


def write_features(output: Path, paths: list[Path], features: npt.NDArray[np.float32]) -> None:
    """Keep the features for the comparison, with the paths they belong to."""
    output.mkdir(parents=True, exist_ok=True)
    np.save(output / FEATURES, features)
    (output / PATHS).write_text(json.dumps([str(path) for path in paths]))


if __name__ == "__main__":
    measure_places(__doc__, measure, "images", "output")
