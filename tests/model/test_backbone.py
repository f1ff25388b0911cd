"""The converted backbone computes what Keras computes, from weights that are Keras's."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from corpus import encode, kinds
from PIL import Image, ImageOps

import fruits_kedro
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
        str(locate_weights("shipped", NETWORK)),
        *(str(folder / n) for n in ("pixels.npy", "f.npy")),
    ]
    command = [sys.executable, "-c", KERAS, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    digest: str = json.loads(result.stdout.splitlines()[-1])["arrays_sha256"]
    return np.load(folder / "f.npy"), digest


def test_features_equal_keras(backbone, pixels, keras):
    engine = Engine(backbone.model)
    ours = np.stack([engine(photograph) for photograph in pixels])
    assert ours.shape == keras[0].shape == (PHOTOGRAPHS, N_FEATURES)
    assert ours.dtype == np.float32
    assert keras[0].std() > 0.1
    np.testing.assert_allclose(ours, keras[0], rtol=0, atol=1e-3)


def test_the_shipped_weights_are_keras_imagenet_weights(keras):
    assert keras[1] == ARRAYS_SHA256


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


@pytest.mark.parametrize(
    "write",
    [lambda file: file.write_bytes(b"no weights at all"), wrong_shapes, no_numbers],
    ids=["garbage", "another network", "no numbers"],
)
def test_a_wrong_weights_file_is_told_in_one_sentence(tmp_path, write):
    file = tmp_path / "wrong.weights.h5"
    write(file)
    with pytest.raises(FruitsError) as error:
        convert(file, BackboneSpec.of(parameters(str(file))), NOTHING, NETWORK)
    assert str(file) in error.value.message
    assert "must hold Keras's weights of mobilenet_v2" in error.value.message
    assert "\n" not in error.value.message


def test_a_network_is_added_by_one_file(tmp_path):
    """Its weights are converted by the mechanism of the shipped one."""
    package = tmp_path / "copy"
    source = Path(fruits_kedro.__file__).parent
    ignored = shutil.ignore_patterns("*.h5", "*.tflite", "*.jpg", "__pycache__")
    shutil.copytree(source, package / "fruits_kedro", ignore=ignored)
    (package / "fruits_kedro" / "model" / "networks" / "small.py").write_text(NEW)
    weights = str(tmp_path / "small.weights.h5")
    environment = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, "-c", USE, weights]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    assert made == ["One convolution, averaged", [8], True, True]


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
from pathlib import Path
import numpy as np
from fruits_kedro.model.backbone import BackboneSpec
from fruits_kedro.model.conversion import convert, no_calibration
from fruits_kedro.model.engine import Engine
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.parameters.kinds import NETWORKS, kind_in

weights = sys.argv[1]
kind_in(NETWORKS, "small").build(32).save_weights(weights)
parameters = FeaturizationParameters(
    network="small", weights=weights, image_size=32, precision="float32", calibration_images=1,
    scaled_decoding=True, slice_images=1,
)
made = convert(Path(weights), BackboneSpec.of(parameters), no_calibration(32), "small")
features = Engine(made.model)(np.full((32, 32, 3), 255, np.uint8))

from keras.src.applications.mobilenet_v2 import BASE_WEIGHT_PATH
known = kind_in(NETWORKS, "mobilenet_v2").DOWNLOAD.startswith(BASE_WEIGHT_PATH)
print(json.dumps([made.spec.architecture, features.shape, bool(np.ptp(features)), known]))
"""
