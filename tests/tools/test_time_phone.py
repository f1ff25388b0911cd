"""The stopwatch of the file for a phone counts every photograph once."""

import importlib.util
from pathlib import Path

import numpy as np
from phone_models import make_classifier, make_reducer
from runs import SAMPLE

from fruits_kedro.model.backbone.artefact import N_FEATURES
from fruits_kedro.model.phone import PhoneModel, fold

TOOL = Path(__file__).resolve().parents[2] / "tools" / "time_phone.py"
spec = importlib.util.spec_from_file_location("time_phone", TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_decoding_and_the_network_are_timed_for_each_photograph(backbone, tmp_path):
    features = np.random.default_rng(0).normal(size=(5, N_FEATURES)).astype(np.float32)
    reducer = make_reducer(backbone, features, unit_length=True)
    model = fold(backbone, reducer, make_classifier(reducer))
    assert isinstance(model, PhoneModel)
    path = tmp_path / "fruits.tflite"
    path.write_bytes(model.content)
    for count in (1, tool.WARM_UP + 2):
        photographs = sorted((SAMPLE / "Test").glob("*/*.jpg"))[:count]
        seconds = tool.measure(path, photographs, 224)
        assert seconds.shape == (count, 2)
        assert (seconds > 0).all()
