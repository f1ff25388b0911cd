"""The converted backbone computes what Keras computes, from weights that are Keras's."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentences import sentence_of

from fruits_kedro.model.backbone import (
    BackboneSpec,
    locate_weights,
    ship_backbone,
    shipped_backbone,
    weights_sha256,
)
from fruits_kedro.model.conversion import convert
from fruits_kedro.model.engine import Engine
from fruits_kedro.photos.decoding import decode

ARRAYS_SHA256 = "c009b1f1262c1f55420ed4f95d0f338acb97548930c6f6c8f3383b79544088a8"
PHOTOGRAPHS, N_FEATURES = 40, 1280
NETWORK = "mobilenet_v2"

KERAS = """
import hashlib, json, sys
import keras, numpy as np
from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input
from keras.src.applications.mobilenet_v2 import BASE_WEIGHT_PATH

from fruits_kedro.model.conversion import _convert_here
from fruits_kedro.model.networks import mobilenet_v2

weights, pixels, output, *wrong = sys.argv[1:]
model = MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
model.load_weights(weights)
digest = hashlib.sha256()
for array in model.get_weights():
    digest.update(np.ascontiguousarray(array, "<f4").tobytes())
features = model.predict(preprocess_input(np.load(pixels).astype("float32")), verbose=0)
np.save(output, features)

refused = []
for file in wrong:
    try:
        _convert_here(mobilenet_v2, file, 224)
    except Exception as error:
        refused.append(str(error))

class Small:
    SCALE, OFFSET = 1 / 255, 0.0

    @staticmethod
    def build(size):
        layers = [keras.Input((size, size, 3)), keras.layers.Conv2D(8, 3, name="only")]
        return keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])

Small.build(32).save_weights(output + ".weights.h5")
np.save(output + ".calibration.npy", np.load(pixels)[:4, :32, :32])
for calibration in ([], [output + ".calibration.npy"]):
    with open(f"{output}.{len(calibration)}.tflite", "wb") as file:
        file.write(_convert_here(Small, output + ".weights.h5", 32, *calibration))
told = {"arrays_sha256": digest.hexdigest(), "refused": refused}
told["download"] = mobilenet_v2.DOWNLOAD.startswith(BASE_WEIGHT_PATH)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def pixels(sample) -> np.ndarray:
    """Photographs of every label in turn, as our decoder gives them."""
    photographs = sorted(sample.rglob("*.jpg"), key=lambda path: (path.name, str(path)))
    decoded = [decode(path.read_bytes(), 224) for path in photographs[:PHOTOGRAPHS]]
    return np.stack(decoded)


def change_weights(file: Path, kernel: np.ndarray | None) -> Path:
    """Keras's weights with another first kernel, or with one that is no number."""
    import h5py

    shutil.copyfile(locate_weights("shipped", NETWORK), file)
    with h5py.File(file, "r+") as weights:
        variables = weights["layers"]["conv2d"]["vars"]
        [name] = variables
        if kernel is None:
            variables[name][0, 0, 0, 0] = np.nan
        else:
            del variables[name]
            variables[name] = kernel
    return file


@pytest.fixture(scope="module")
def keras(pixels, tmp_path_factory) -> dict[str, Any]:
    """What one process with TensorFlow found: importing it costs more than what it does here."""
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "pixels.npy", pixels)
    shape = change_weights(folder / "shape.weights.h5", np.zeros((1, 1, 3, 8), np.float32))
    number = change_weights(folder / "number.weights.h5", None)
    shipped = locate_weights("shipped", NETWORK)
    files = [shipped, folder / "pixels.npy", folder / "f.npy", shape, number]
    command = [sys.executable, "-c", KERAS, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) | {
        "features": np.load(folder / "f.npy"),
        "other": [(folder / f"f.npy.{n}.tflite").read_bytes() for n in range(2)],
    }


def test_features_equal_keras(backbone, pixels, keras):
    engine, theirs = Engine(backbone.model), keras["features"]
    ours = np.stack([engine(photograph) for photograph in pixels])
    assert ours.shape == theirs.shape == (PHOTOGRAPHS, N_FEATURES)
    assert ours.dtype == np.float32
    assert theirs.std() > 0.1
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)


def test_the_shipped_weights_are_keras_imagenet_weights(keras):
    assert keras["arrays_sha256"] == ARRAYS_SHA256
    assert keras["download"]


def test_another_network_is_converted_in_the_same_way_if_the_weights_are_its_own(keras):
    assert len(keras["refused"]) == 2
    for model in keras["other"]:
        features = Engine(model)(np.full((32, 32, 3), 255, np.uint8))
        assert features.shape == (8,)
        assert np.ptp(features) > 0


def test_features_do_not_depend_on_other_photographs(backbone, pixels):
    engine = Engine(backbone.model)
    first = engine(pixels[0])
    kept = first.copy()
    engine(pixels[1])
    assert first.tobytes() == kept.tobytes() == engine(pixels[0]).tobytes()


def test_other_requests_have_no_shipped_conversion(backbone):
    for other in ({"image_size": 96}, {"precision": "int8"}, {"weights_sha256": "0" * 64}):
        assert shipped_backbone(replace(backbone.spec, **other)) is None


def test_a_shipped_conversion_that_was_altered_is_refused(backbone, tmp_path, monkeypatch):
    ship_backbone(backbone, tmp_path)
    monkeypatch.setattr("fruits_kedro.model.backbone.files", lambda _: tmp_path)
    assert shipped_backbone(backbone.spec) == backbone
    (tmp_path / f"{backbone.spec.request}.tflite").write_bytes(backbone.model[:-1] + b"x")
    assert "sha256" in sentence_of(partial(shipped_backbone, backbone.spec))


@pytest.mark.parametrize("field", [field.name for field in fields(BackboneSpec)])
def test_the_fingerprint_changes_with_each_field_and_a_request_with_all_but_the_calibration(field):
    spec = BackboneSpec("a", 224, "int8", calibration="b")
    value = getattr(spec, field)
    changed = replace(spec, **{field: value + 32 if isinstance(value, int) else value + "x"})
    assert len(spec.fingerprint) == 16
    assert changed.fingerprint != spec.fingerprint
    assert (changed.request == spec.request) is (field == "calibration")


def test_weights_are_a_file_of_ones_own_or_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("missing.h5", "."):
        assert f"featurization.weights names {name}" in sentence_of(
            partial(locate_weights, name, NETWORK)
        )
    file = tmp_path / "wrong.weights.h5"
    file.write_bytes(b"no weights at all")
    found = locate_weights(str(file), NETWORK)
    spec = BackboneSpec(weights_sha256(found), 224, "float32")
    assert spec.weights_sha256 == hashlib.sha256(b"no weights at all").hexdigest()
    assert str(file) in sentence_of(partial(convert, found, spec, NETWORK))
