"""The converted network that ships belongs to the weights that ship."""

import hashlib
import json

import pytest

from bench.parts import shipped_network
from bench.scripts import WEIGHTS

pytestmark = pytest.mark.tools


def test_the_shipped_network_belongs_to_the_shipped_weights():
    """Run ``tools/convert_network.py`` after the weights changed."""
    notes = json.loads(shipped_network().with_suffix(".json").read_text())
    for name, file in (("weights_sha256", WEIGHTS), ("model_sha256", shipped_network())):
        assert notes[name] == hashlib.sha256(file.read_bytes()).hexdigest()
