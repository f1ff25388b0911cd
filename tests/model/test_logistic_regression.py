"""The regression is scikit-learn's optimum, for two labels too, and says where it stopped early."""

import logging

import numpy as np
import pytest
from made_rows import classification
from sklearn.linear_model import LogisticRegression

from fruits_kedro.model.classifiers.logistic_regression import fit as fit_regression

CONSTANT = 2


def make(rows: int = 300, k: int = 6, labels: int = 4, seed: int = 0):
    """Overlapping labels; scales from 0.1 to 10 and one constant component."""
    random = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(labels), random.integers(labels, size=rows - labels)])
    centres = random.normal(size=(labels, k))
    components = (centres[targets] + random.normal(size=(rows, k))) * np.logspace(-1, 1, k) + 3
    components[:, CONSTANT] = 3.7
    return components, targets


def fit(components, targets, weights=None, **settings):
    given = classification()
    regression = given.logistic_regression.model_copy(update={"max_iter": 5000} | settings)
    parameters = given.model_copy(update={"logistic_regression": regression})
    labels = tuple("abcdefg"[: int(targets.max()) + 1])
    return fit_regression(components, targets, labels, "r", parameters, weights)


def by_newton(components, targets, reg_param, scale=1.0, weights=None):
    strength = 1 / ((len(targets) if weights is None else weights.sum()) * reg_param)
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(components / scale, targets, sample_weight=weights)
    return model.predict_proba(components / scale)


@pytest.mark.parametrize(("labels", "penalty"), [(2, 0.5), (3, 1), (7, 1)])
@pytest.mark.parametrize("reg_param", [1e-3, 0.01, 1.0])
def test_probabilities_are_those_of_the_optimum(labels, penalty, reg_param):
    """Two rows of weights that sum up to 0 are one row of twice the size, of half the penalty."""
    components, targets = make(labels=labels)
    found = fit(components, targets, reg_param=reg_param).probabilities(components)
    expected = by_newton(components, targets, reg_param * penalty)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_weights_count_as_rows():
    components, targets = make()
    weights = np.where(targets == 0, 3.0, 1.0)
    found = fit(components, targets, weights).probabilities(components)
    expected = by_newton(components, targets, 0.01, weights=weights)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e10])
def test_standardization_penalizes_components_of_unit_deviation(scale):
    components, targets = make()
    found = fit(components * scale, targets, standardization=True)
    spread = np.where(np.ptp(components, axis=0) > 0, components.std(axis=0), 1.0)
    theirs = by_newton(components, targets, 0.01, spread)
    np.testing.assert_allclose(found.probabilities(components * scale), theirs, atol=2e-3)
    assert (found.coefficients[:, CONSTANT] == 0).all()


def test_components_that_say_nothing_leave_the_shares_of_labels():
    targets = np.repeat([0, 1, 2], [50, 30, 20])
    found = fit(np.ones((100, 3)), targets, standardization=True).probabilities(np.ones((100, 3)))
    np.testing.assert_allclose(found, np.tile([0.5, 0.3, 0.2], (100, 1)), atol=1e-4)


def test_labels_that_components_separate_have_finite_weights_without_a_penalty():
    components, targets = make(rows=40)
    components += 100 * np.eye(4, 6)[targets]
    found = fit(components, targets, reg_param=0.0, max_iter=100)
    assert np.isfinite(found.coefficients).all()
    assert (found.probabilities(components).argmax(axis=1) == targets).all()


def test_a_search_that_max_iter_ends_is_told(caplog):
    components, targets = make()
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        fit(components, targets)
        assert caplog.text == ""
        fit(components, targets, max_iter=3)
    assert "max_iter=3" in caplog.text
