"""Rounded weights no longer shift the mean of a channel."""

import json
import subprocess
import sys

import numpy as np
import pytest

from fruits_kedro.model.bias_correction import rounded

MEASURE = """
import json, sys
import keras, numpy as np
from fruits_kedro.model.bias_correction import correct_biases, rounded

def means(network, images):
    return np.asarray(network(images, training=False)).mean((0, 1, 2))

def round_weights(convolution, normalisation):
    scale, _, _, variance = normalisation.get_weights()
    folded = scale / np.sqrt(variance + normalisation.epsilon)
    if isinstance(convolution, keras.layers.DepthwiseConv2D):
        folded = folded[:, None]
        kernel = rounded((convolution.get_weights()[0] * folded)[..., 0])[..., None]
    else:
        kernel = rounded(convolution.get_weights()[0] * folded)
    convolution.set_weights([kernel / folded])

def measure(name):
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    images = random.uniform(0, 6, (4, 32, 32, 8)).astype("float32")
    kind = {"full": lambda: keras.layers.Conv2D(16, 3, use_bias=False),
            "depthwise": lambda: keras.layers.DepthwiseConv2D(3, use_bias=False)}[name]
    convolution, normalisation = kind(), keras.layers.BatchNormalization()
    network = keras.Sequential([keras.Input((32, 32, 8)), convolution, normalisation])
    width = normalisation.gamma.shape[0]
    normalisation.set_weights([random.uniform(0.5, 2, width), random.normal(size=width),
                               random.normal(size=width), random.uniform(0.1, 2, width)])
    exact = means(network, images)
    biases = normalisation.get_weights()[1]
    correct_biases(network, [images[:3], images[3:]])
    corrected = normalisation.get_weights()
    round_weights(convolution, normalisation)
    after = means(network, images)
    normalisation.set_weights([corrected[0], biases, *corrected[2:]])
    return [float(np.abs(m - exact).mean()) for m in (means(network, images), after)]

alone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
before = alone.get_weights()
correct_biases(alone, iter(()))
same = all((a == b).all() for a, b in zip(before, alone.get_weights(), strict=True))
print(json.dumps([measure("full"), measure("depthwise"), same]))
"""


def test_the_mean_of_each_channel_stays_where_it_was():
    """In a process of its own, so that TensorFlow does not stay in this one."""
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *kinds, unnormalised_is_the_same = json.loads(done.stdout.splitlines()[-1])
    for shifted, corrected in kinds:
        assert shifted > 0.001
        assert corrected < shifted / 10
    assert unnormalised_is_the_same


def test_weights_are_rounded_to_127_steps_of_each_channel_s_largest():
    weights = np.array([[[[1.27, 0.0], [-0.504, 0.0]]]], np.float32)
    assert rounded(weights).ravel() == pytest.approx([1.27, 0.0, -0.5, 0.0])
