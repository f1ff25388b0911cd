"""The classifier of docs/extending.md works as documented, calibrated by its own refits."""

import re
import sys
from types import ModuleType

import numpy as np
import pytest
from made_rows import make_rows, settings

from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import classifier_from_arrays
from fruits_kedro.parameters import OwnParameters
from fruits_kedro.parameters.kinds import CLASSIFIERS

NAME = f"{CLASSIFIERS}.nearest_mean"


@pytest.fixture
def kind(project, monkeypatch) -> ModuleType:
    text = (project / "docs" / "extending.md").read_text()
    [source] = re.findall(r"```python\n(# \S+nearest_mean\.py\n.*?)```", text, re.DOTALL)
    module = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setattr("fruits_kedro.model.classifier.names_in", lambda _: ["nearest_mean"])
    exec(source, vars(module))
    return module


def test_the_documented_classifier_is_fitted_calibrated_and_kept(kind):
    rows, given = make_rows(apart=4), settings()
    parameters = given.classification.model_copy(
        update={"classifier": "nearest_mean", "options": {"sharpness": 2}}
    )
    refits = given.refits.__class__(**vars(given.refits) | {"parameters": parameters})
    fitted = refits.fit(rows)
    assert type(fitted.classifier) is kind.CLASS
    own = OwnParameters()
    chosen, report = calibrate(rows, fitted.classifier, fitted.reducer, None, parameters, own)
    assert report["held_out"]["accuracy"] > 0.8
    assert chosen.calibration.temperature != 1
    again = classifier_from_arrays(chosen.arrays())
    components = fitted.reducer.transform(rows.features)
    np.testing.assert_array_equal(again.probabilities(components), chosen.probabilities(components))
