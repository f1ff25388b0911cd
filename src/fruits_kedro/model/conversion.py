"""Converts Keras weights to a LiteRT flatbuffer, once per fingerprint, in a child process.

TensorFlow takes seconds to import, a gigabyte of memory and prints pages of messages. Only this
conversion needs it, so it is confined to a child process.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import as_file
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone import Backbone, BackboneSpec
from fruits_kedro.model.bias_correction import correct_biases
from fruits_kedro.parameters.kinds import NETWORKS, kind_in
from fruits_kedro.photos.decoding import Pixels


def convert(
    weights: Traversable, spec: BackboneSpec, network: str, calibration: Pixels | None = None
) -> Backbone:
    """Convert a Keras weights file (no top) to LiteRT.

    Source: https://ai.google.dev/edge/litert/models/convert_tf and, for int8,
    https://ai.google.dev/edge/litert/models/post_training_integer_quant

    Args:
        weights: The file.
        spec: What to convert to; the calibration is added to it.
        network: A module of ``networks``.
        calibration: ``(n, size, size, 3)`` uint8: photographs that calibrate an int8 network.

    Raises:
        FruitsError: If TensorFlow is missing or does not accept the weights.
    """
    # A package in a zip file is extracted.
    with tempfile.TemporaryDirectory() as folder, as_file(weights) as path:
        output = Path(folder) / "backbone.tflite"
        command = [sys.executable, "-m", __name__, str(path), str(output)]
        command += [str(spec.image_size), network]
        if calibration is not None:
            digest = hashlib.sha256(calibration.tobytes()).hexdigest()
            spec = replace(spec, calibration=digest[:16])
            command.append(f"{folder}/calibration.npy")
            np.save(command[-1], calibration, allow_pickle=False)
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        # Runs this module without a shell; only paths vary.
        result = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, env=quiet, check=False
        )
        if result.returncode == 0:
            return Backbone(spec, output.read_bytes())
    if "No module named 'tensorflow'" in result.stderr:
        raise FruitsError(
            "Converting the backbone needs TensorFlow, which is not installed here: install the "
            "extra 'local', or convert on a laptop and copy 06_models/backbone to the storage."
        )
    [last] = result.stderr.strip().splitlines()[-1:] or ["no message"]
    raise FruitsError(
        f"TensorFlow could not convert the weights {weights} ({last}): the file must hold Keras's "
        f"weights of {network} (MobileNetV2 with alpha 1.0), without top."
    )


def _convert_here(kind: Any, weights: str, image_size: int, calibration: str = "") -> bytes:
    import keras
    import tensorflow as tf

    network = kind.build(image_size)
    network.load_weights(weights)
    grey = network(np.zeros((1, image_size, image_size, 3), np.float32), training=False)
    if not np.isfinite(np.asarray(grey)).all():
        raise ValueError("of a grey photograph they make features that are no numbers")
    shape, from_model = network.input_shape[1:], tf.lite.TFLiteConverter.from_keras_model
    if not calibration:
        pixels = keras.Input(shape, batch_size=1, dtype="uint8")
        scaled = keras.layers.Rescaling(kind.SCALE, offset=kind.OFFSET)(pixels)
        model = keras.Model(pixels, network(scaled, training=False))
        return bytes(from_model(model).convert())
    photographs = np.load(calibration)

    def scaled_pixels(count: int) -> Iterator[Any]:
        for first in range(0, len(photographs), count):
            yield photographs[first : first + count].astype(np.float32) * kind.SCALE + kind.OFFSET

    correct_biases(network, scaled_pixels(20))  # few, because every layer's output is kept
    # Full integer arithmetic; the input's quantization replaces the scaling of pixels.
    scaled = keras.Input(shape, batch_size=1)
    converter = from_model(keras.Model(scaled, network(scaled, training=False)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in scaled_pixels(1))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    return bytes(converter.convert())


if __name__ == "__main__":
    weights, output, image_size, network, *calibration = sys.argv[1:]
    kind = kind_in(NETWORKS, network)
    converted = _convert_here(kind, weights, int(image_size), *calibration)
    Path(output).write_bytes(converted)
