"""An int8 network, calibrated on photographs, computes nearly what the float32 one does."""

from dataclasses import replace

import numpy as np
import pytest
from sentences import sentence_of

from fruits_kedro.model.backbone import BackboneSpec
from fruits_kedro.model.engine import Engine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.pipelines.featurization.nodes import make_backbone


@pytest.fixture(scope="module")
def asked(parameters):
    changes = {"precision": "int8", "calibration_images": 20}
    return parameters.featurization.model_copy(update=changes)


def test_int8_features_point_where_float32_features_point(whole_run, backbone, asked):
    tables = whole_run.load("photographs"), whole_run.load("images")
    int8 = make_backbone(*tables, asked, lambda spec: None)
    assert int8.spec.request == BackboneSpec.of(asked).request
    assert len(int8.spec.calibration) == 16
    exact, fast = Engine(backbone.model), Engine(int8.model)
    for path in sorted(whole_run.images.glob("Training/*/?_100.jpg")):
        pixels = decode(path.read_bytes(), 224)
        a, b = exact(pixels), fast(pixels)
        assert (b.shape, b.dtype) == ((1280,), np.float32)
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.98
    assert len(int8.model) < len(backbone.model) / 2.5


def test_an_int8_network_needs_photographs(whole_run, asked):
    none, images = replace(whole_run.load("photographs"), files=()), whole_run.load("images")
    sentence = sentence_of(lambda: make_backbone(none, images, asked, lambda spec: None))
    assert "featurization.precision=float32" in sentence
