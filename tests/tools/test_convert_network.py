"""The converted network that ships is the one that the tool would write."""

import json

import pytest
from fruits_kedro.model.backbone.weights import SHIPPED, locate_weights, weights_sha256

from bench.parts import shipped_network

pytestmark = pytest.mark.tools


def test_the_shipped_network_is_of_the_shipped_weights():
    """Run ``tools/convert_network.py`` after the weights changed."""
    spec = json.loads(shipped_network().with_suffix(".json").read_text())
    assert spec["weights_sha256"] == weights_sha256(locate_weights(SHIPPED))
