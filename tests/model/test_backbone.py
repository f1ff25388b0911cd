"""The converted backbone computes what Keras computes, from weights that are Keras's."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import encode, kinds
from PIL import Image, ImageOps

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone import (
    BackboneSpec,
    locate_weights,
    ship_backbone,
    shipped_backbone,
    weights_sha256,
)
from fruits_kedro.model.conversion import convert, no_calibration
from fruits_kedro.model.engine import Engine, shared_engine
from fruits_kedro.parameters import FeaturizationParameters
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
        _convert_here(mobilenet_v2, file, 224, None)
    except Exception as error:
        refused.append(str(error))

class Small:
    SCALE, OFFSET = 1 / 255, 0.0

    @staticmethod
    def build(size):
        layers = [keras.Input((size, size, 3)), keras.layers.Conv2D(8, 3, name="only")]
        return keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])

Small.build(32).save_weights(output + ".weights.h5")
with open(output + ".tflite", "wb") as file:
    file.write(_convert_here(Small, output + ".weights.h5", 32, None))
told = {"arrays_sha256": digest.hexdigest(), "refused": refused}
told["download"] = mobilenet_v2.DOWNLOAD.startswith(BASE_WEIGHT_PATH)
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Keras:
    """What one process with TensorFlow found: importing it costs more than what it does here."""

    features: np.ndarray
    other: bytes
    told: dict[str, Any]


NOTHING = no_calibration(224)


def parameters(weights: str) -> FeaturizationParameters:
    return FeaturizationParameters(
        weights=weights,
        image_size=224,
        precision="float32",
        calibration_images=1,
        scaled_decoding=True,
        slice_images=1,
    )


@pytest.fixture(scope="module")
def pixels(sample) -> np.ndarray:
    """Photographs of every label in turn, as our decoder gives them."""
    photographs = sorted(sample.rglob("*.jpg"), key=lambda path: (path.name, str(path)))
    decoded = [decode(path.read_bytes(), 224) for path in photographs[:PHOTOGRAPHS]]
    return np.stack(decoded)


def wrong_shapes(file: Path) -> None:
    import h5py

    with h5py.File(locate_weights("shipped", NETWORK)) as right, h5py.File(file, "w") as wrong:
        right.copy("layers", wrong)
        name = next(iter(wrong["layers"]["conv2d"]["vars"]))
        del wrong["layers"]["conv2d"]["vars"][name]
        wrong["layers"]["conv2d"]["vars"][name] = np.zeros((1, 1, 3, 8), np.float32)


def no_numbers(file: Path) -> None:
    import h5py

    shutil.copyfile(locate_weights("shipped", NETWORK), file)
    with h5py.File(file, "r+") as weights:
        kernel = next(iter(weights["layers"]["conv2d"]["vars"].values()))
        kernel[0, 0, 0, 0] = np.nan


@pytest.fixture(scope="module")
def keras(pixels, tmp_path_factory) -> Keras:
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "pixels.npy", pixels)
    wrong = [folder / "shapes.weights.h5", folder / "numbers.weights.h5"]
    wrong_shapes(wrong[0])
    no_numbers(wrong[1])
    files = [folder / "pixels.npy", folder / "f.npy", *wrong]
    command = [sys.executable, "-c", KERAS, locate_weights("shipped", NETWORK), *files]
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    return Keras(np.load(folder / "f.npy"), (folder / "f.npy.tflite").read_bytes(), told)


def test_features_equal_keras(backbone, pixels, keras):
    engine = Engine(backbone.model)
    ours = np.stack([engine(photograph) for photograph in pixels])
    assert ours.shape == keras.features.shape == (PHOTOGRAPHS, N_FEATURES)
    assert ours.dtype == np.float32
    assert keras.features.std() > 0.1
    np.testing.assert_allclose(ours, keras.features, rtol=0, atol=1e-3)


def test_the_shipped_weights_are_keras_imagenet_weights(keras):
    assert keras.told["arrays_sha256"] == ARRAYS_SHA256
    assert keras.told["download"]


def test_weights_of_another_network_or_without_numbers_are_refused(keras):
    assert len(keras.told["refused"]) == 2


def test_another_network_is_converted_in_the_same_way(keras):
    features = Engine(keras.other)(np.full((32, 32, 3), 255, np.uint8))
    assert features.shape == (8,)
    assert np.ptp(features) > 0


def test_features_do_not_depend_on_what_came_before(backbone, pixels):
    engine = Engine(backbone.model)
    first = engine(pixels[0]).copy()
    engine(pixels[1])
    assert engine(pixels[0]).tobytes() == first.tobytes()


def test_earlier_features_are_not_overwritten_by_later_ones(backbone, pixels):
    engine = Engine(backbone.model)
    first = engine(pixels[0])
    kept = first.copy()
    engine(pixels[1])
    assert (first == kept).all()


TURNED = [
    kind for kind in kinds() if kind.name.startswith("orientation ") and "Turned" in kind.path
]


@pytest.mark.parametrize("kind", TURNED, ids=lambda kind: kind.name)
def test_a_turned_photograph_has_the_features_of_the_upright_one(backbone, kind):
    engine = Engine(backbone.model)
    with Image.open(io.BytesIO(kind.content)) as stored:
        upright = encode(ImageOps.exif_transpose(stored), "PNG")
    found, expected = (engine(decode(c, 224)) for c in (kind.content, upright))
    np.testing.assert_array_equal(found, expected)


def test_a_process_keeps_its_engine(backbone):
    assert shared_engine(backbone.model) is shared_engine(bytes(bytearray(backbone.model)))


def test_a_default_run_has_a_conversion_and_needs_no_tensorflow(backbone):
    """In a process of its own: others of these tests import Keras."""
    code = (
        "import sys, numpy as np\n"
        "from fruits_kedro.model.backbone import BackboneSpec, shipped_backbone\n"
        "from fruits_kedro.model.engine import Engine\n"
        f"spec = BackboneSpec({backbone.spec.weights_sha256!r}, 224, 'float32')\n"
        "found = shipped_backbone(spec)\n"
        "assert Engine(found.model)(np.zeros((224, 224, 3), np.uint8)).shape == (1280,)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_other_requests_have_no_shipped_conversion(backbone):
    for other in ({"image_size": 96}, {"precision": "int8"}, {"weights_sha256": "0" * 64}):
        assert shipped_backbone(replace(backbone.spec, **other)) is None


def test_a_shipped_conversion_that_was_altered_is_refused(backbone, tmp_path, monkeypatch):
    ship_backbone(backbone, tmp_path)
    monkeypatch.setattr("fruits_kedro.model.backbone.files", lambda _: tmp_path)
    assert shipped_backbone(backbone.spec) == backbone
    (tmp_path / f"{backbone.spec.request}.tflite").write_bytes(backbone.model[:-1] + b"x")
    with pytest.raises(FruitsError, match="sha256"):
        shipped_backbone(backbone.spec)


def test_the_spec_names_the_weights_file(backbone):
    content = locate_weights("shipped", NETWORK).read_bytes()
    assert backbone.spec.weights_sha256 == hashlib.sha256(content).hexdigest()
    assert (backbone.spec.image_size, backbone.spec.precision) == (224, "float32")


@pytest.mark.parametrize("field", [field.name for field in fields(BackboneSpec)])
def test_the_fingerprint_changes_with_each_field(field):
    spec = BackboneSpec("a", 224, "float32")
    value = getattr(spec, field)
    changed = replace(spec, **{field: value + 32 if isinstance(value, int) else value + "x"})
    assert changed.fingerprint != spec.fingerprint
    assert replace(changed, **{field: value}).fingerprint == spec.fingerprint
    assert len(spec.fingerprint) == 16


@pytest.mark.parametrize("field", [field.name for field in fields(BackboneSpec)])
def test_a_request_is_everything_but_the_calibration(field):
    spec = BackboneSpec("a", 224, "int8", calibration="b")
    value = getattr(spec, field)
    changed = replace(spec, **{field: value + 32 if isinstance(value, int) else value + "x"})
    assert (changed.request == spec.request) is (field == "calibration")


def test_weights_can_be_a_file_of_ones_own(tmp_path):
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"weights")
    assert locate_weights(str(file), NETWORK) == file
    assert weights_sha256(file) == hashlib.sha256(b"weights").hexdigest()


@pytest.mark.parametrize("name", ["missing.h5", "."])
def test_weights_that_are_no_file_are_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FruitsError, match=r"featurization\.weights names") as error:
        BackboneSpec.of(parameters(name))
    assert name in error.value.message
    assert "\n" not in error.value.message


def test_a_wrong_weights_file_is_told_in_one_sentence(tmp_path):
    file = tmp_path / "wrong.weights.h5"
    file.write_bytes(b"no weights at all")
    with pytest.raises(FruitsError) as error:
        convert(file, BackboneSpec.of(parameters(str(file))), NOTHING, NETWORK)
    assert str(file) in error.value.message
    assert "\n" not in error.value.message
