"""The classifier of docs/extending.md works as documented, calibrated by its own refits."""

import re
import sys
from types import ModuleType

import numpy as np
import pytest
from made_rows import make_rows, settings

from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import classifier_from_arrays
from fruits_kedro.model.refits import Refits
from fruits_kedro.parameters.kinds import CLASSIFIERS

NAME = f"{CLASSIFIERS}.nearest_mean"


@pytest.fixture
def kind(project, monkeypatch) -> ModuleType:
    text = (project / "docs" / "extending.md").read_text()
    [source] = re.findall(r"```python\n(# \S+nearest_mean\.py\n.*?)```", text, re.DOTALL)
    module = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setattr("fruits_kedro.model.classifier.names_in", lambda _: ["nearest_mean"])
    monkeypatch.delattr("fruits_kedro.model.classifiers.logistic_regression.fit")
    exec(source, vars(module))
    return module


def test_the_documented_classifier_is_fitted_calibrated_and_kept(kind):
    rows, (reduction, given, own) = make_rows(apart=4), settings()
    changed = {"classifier": "nearest_mean", "options": {"sharpness": 2}}
    refits = Refits(rows, reduction, given.model_copy(update=changed), own)
    fitted = refits.fit()
    assert type(fitted.classifier) is kind.CLASS
    chosen, report = calibrate(fitted.classifier, fitted.reducer, refits)
    assert report["held_out"]["accuracy"] > 0.8
    assert chosen.calibration.temperature != 1
    again = classifier_from_arrays(chosen.arrays())
    components = fitted.reducer.transform(rows.features)
    np.testing.assert_array_equal(again.probabilities(components), chosen.probabilities(components))
