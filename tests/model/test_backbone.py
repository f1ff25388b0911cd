"""The converted backbone computes what Keras computes, from weights that are Keras's."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from corpus import encode, kinds
from fruits_kedro.model.backbone.artefact import N_FEATURES, Backbone, BackboneSpec
from fruits_kedro.model.backbone.calibration import no_calibration
from fruits_kedro.model.backbone.engine import Engine, shared_engine
from fruits_kedro.model.backbone.weights import locate_weights, weights_sha256
from PIL import Image, ImageOps
from runs import command, copy_project

from fruits_kedro import FruitsError
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.photos.decoding import decode
from fruits_kedro.pipelines.featurization.nodes import make_backbone

ARRAYS_SHA256 = "c009b1f1262c1f55420ed4f95d0f338acb97548930c6f6c8f3383b79544088a8"
PHOTOGRAPHS = 40

KERAS = """
import hashlib, json, sys
import keras, numpy as np
from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input

weights, pixels, output = sys.argv[1:]
model = MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
model.load_weights(weights)
digest = hashlib.sha256()
for array in model.get_weights():
    digest.update(np.ascontiguousarray(array, "<f4").tobytes())
features = model.predict(preprocess_input(np.load(pixels).astype("float32")), verbose=0)
np.save(output, features)
print(json.dumps({"arrays_sha256": digest.hexdigest()}))
"""


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


@pytest.fixture(scope="module")
def keras(pixels, tmp_path_factory) -> tuple[np.ndarray, str]:
    """Keras's features of the photographs, and the hash of the arrays it loaded."""
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "pixels.npy", pixels)
    arguments = [
        str(locate_weights("shipped")),
        *(str(folder / n) for n in ("pixels.npy", "f.npy")),
    ]
    command = [sys.executable, "-c", KERAS, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    digest: str = json.loads(result.stdout.splitlines()[-1])["arrays_sha256"]
    return np.load(folder / "f.npy"), digest


def test_features_equal_keras(backbone, pixels, keras):
    engine = Engine(backbone.model)
    ours = np.stack([engine.features(photograph) for photograph in pixels])
    assert ours.shape == keras[0].shape == (PHOTOGRAPHS, N_FEATURES)
    assert ours.dtype == np.float32
    assert keras[0].std() > 0.1
    np.testing.assert_allclose(ours, keras[0], rtol=0, atol=1e-3)


def test_the_shipped_weights_are_keras_imagenet_weights(keras):
    assert keras[1] == ARRAYS_SHA256


def test_features_do_not_depend_on_what_came_before(backbone, pixels):
    engine = Engine(backbone.model)
    first = engine.features(pixels[0]).copy()
    engine.features(pixels[1])
    assert engine.features(pixels[0]).tobytes() == first.tobytes()


def test_earlier_features_are_not_overwritten_by_later_ones(backbone, pixels):
    engine = Engine(backbone.model)
    first = engine.features(pixels[0])
    kept = first.copy()
    engine.features(pixels[1])
    assert (first == kept).all()


TURNED = [
    kind for kind in kinds() if kind.name.startswith("orientation ") and "Turned" in kind.path
]


@pytest.mark.parametrize("kind", TURNED, ids=lambda kind: kind.name)
def test_a_turned_photograph_has_the_features_of_the_upright_one(backbone, kind):
    engine = Engine(backbone.model)
    with Image.open(io.BytesIO(kind.content)) as stored:
        upright = encode(ImageOps.exif_transpose(stored), "PNG")
    found, expected = (engine.features(decode(c, 224)) for c in (kind.content, upright))
    np.testing.assert_array_equal(found, expected)


def test_a_process_keeps_its_engine(backbone):
    assert shared_engine(backbone.model) is shared_engine(bytes(bytearray(backbone.model)))


def test_a_known_conversion_is_taken(backbone):
    asked = []

    def find(spec: BackboneSpec) -> Backbone:
        asked.append(spec)
        return backbone

    assert make_backbone(parameters("shipped"), find, NOTHING) is backbone
    assert asked == [backbone.spec]


def test_the_spec_names_the_weights_file(backbone):
    content = locate_weights("shipped").read_bytes()
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
    assert locate_weights(str(file)) == file
    assert weights_sha256(file) == hashlib.sha256(b"weights").hexdigest()


@pytest.mark.parametrize("name", ["missing.h5", "."])
def test_weights_that_are_no_file_are_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FruitsError, match=r"featurization\.weights names") as error:
        make_backbone(parameters(name), lambda _: None, NOTHING)
    assert name in error.value.message
    assert "\n" not in error.value.message


def wrong_shapes(file: Path) -> None:
    import h5py

    with h5py.File(locate_weights("shipped")) as right, h5py.File(file, "w") as wrong:
        right.copy("layers", wrong)
        name = next(iter(wrong["layers"]["conv2d"]["vars"]))
        del wrong["layers"]["conv2d"]["vars"][name]
        wrong["layers"]["conv2d"]["vars"][name] = np.zeros((1, 1, 3, 8), np.float32)


def no_numbers(file: Path) -> None:
    import h5py

    shutil.copyfile(locate_weights("shipped"), file)
    with h5py.File(file, "r+") as weights:
        kernel = next(iter(weights["layers"]["conv2d"]["vars"].values()))
        kernel[0, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    "write",
    [lambda file: file.write_bytes(b"no weights at all"), wrong_shapes, no_numbers],
    ids=["garbage", "another network", "no numbers"],
)
def test_a_wrong_weights_file_is_told_in_one_sentence(tmp_path, write):
    file = tmp_path / "wrong.weights.h5"
    write(file)
    with pytest.raises(FruitsError) as error:
        make_backbone(parameters(str(file)), lambda _: None, NOTHING)
    assert str(file) in error.value.message
    assert "must hold Keras's weights of mobilenet_v2" in error.value.message
    assert "\n" not in error.value.message


NEW = '''"""Eight features of a photograph."""

ARCHITECTURE = "One convolution, averaged"
SCALE, OFFSET, SHIPPED, DOWNLOAD = 1 / 255, 0.0, None, None


def build(image_size):
    import keras

    layers = [keras.Input((image_size, image_size, 3)), keras.layers.Conv2D(8, 3, name="only")]
    return keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])
'''
USE = """
import json, sys
import numpy as np
from fruits_kedro.model import networks
from fruits_kedro.model.backbone.engine import Engine
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.pipelines.featurization.nodes import make_backbone
from fruits_kedro.parameters.kinds import kind_in

weights = sys.argv[1]
kind_in(networks, "small").build(32).save_weights(weights)
parameters = FeaturizationParameters(
    network="small", weights=weights, image_size=32, precision="float32", calibration_images=1,
    scaled_decoding=True, slice_images=1,
)
made = make_backbone(parameters, lambda _: None, np.zeros((0, 32, 32, 3), np.uint8))
features = Engine(made.model).features(np.full((32, 32, 3), 255, np.uint8))

from keras.src.applications.mobilenet_v2 import BASE_WEIGHT_PATH
known = kind_in(networks, "mobilenet_v2").DOWNLOAD.startswith(BASE_WEIGHT_PATH)
print(json.dumps([made.spec.architecture, features.shape, bool(np.ptp(features)), known]))
"""


def test_a_network_is_added_by_one_file(tmp_path):
    copy = copy_project(tmp_path)
    (copy / "src" / "fruits_kedro" / "networks" / "small.py").write_text(NEW)
    weights = str(tmp_path / "small.weights.h5")
    result = command(copy, "python", "-c", USE, weights, PYTHONPATH=str(copy / "src"))
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout.splitlines()[-1])
    assert made == ["One convolution, averaged", [8], True, True]
