"""An int8 network, calibrated on photographs, computes nearly what the float32 one does."""

import numpy as np
import pytest

from fruits_kedro.model.backbone import Backbone, BackboneSpec, locate_weights, weights_sha256
from fruits_kedro.model.conversion import (
    calibration_id,
    calibration_pixels,
    convert,
    no_calibration,
)
from fruits_kedro.model.engine import Engine
from fruits_kedro.photos.decoding import decode

PHOTOGRAPHS = 20
NETWORK = "mobilenet_v2"


@pytest.fixture(scope="module")
def contents(sample) -> list[bytes]:
    paths = sorted(sample.rglob("*.jpg"), key=lambda path: (path.name, str(path)))
    return [path.read_bytes() for path in paths[:PHOTOGRAPHS]]


@pytest.fixture(scope="module")
def pixels(contents) -> np.ndarray:
    return calibration_pixels(contents, 224, True)


@pytest.fixture(scope="module")
def int8(pixels) -> Backbone:
    weights = locate_weights("shipped", NETWORK)
    spec = BackboneSpec(weights_sha256(weights), 224, "int8", calibration=calibration_id(pixels))
    return convert(weights, spec, pixels, NETWORK)


def test_int8_features_point_where_float32_features_point(int8, backbone, pixels):
    exact, fast = Engine(backbone.model), Engine(int8.model)
    for photograph in pixels:
        a, b = exact(photograph), fast(photograph)
        assert (b.shape, b.dtype) == ((1280,), np.float32)
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.98
    assert len(int8.model) < len(backbone.model) / 2.5


def test_photographs_that_cannot_be_decoded_are_passed_over(contents):
    expected = np.stack([decode(content, 32) for content in contents[:7]])
    found = calibration_pixels([b"no photograph", *contents[:7]], 32, True)
    np.testing.assert_array_equal(found, expected)
    assert calibration_pixels([b"x"], 32, True).shape == (0, 32, 32, 3)


def test_a_calibration_is_named_by_its_pixels(pixels):
    assert calibration_id(no_calibration(224)) == ""
    assert len(calibration_id(pixels)) == 16
    assert calibration_id(pixels) == calibration_id(pixels.copy())
    assert calibration_id(pixels) != calibration_id(pixels[:, :, ::-1])
