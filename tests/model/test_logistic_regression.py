"""The mathematics equals scikit-learn's, its gradient is its loss's, and nothing overflows."""

import logging
from functools import partial, reduce
from operator import add

import numpy as np
import pytest
from fruits_kedro.model.classifier.softmax import (
    GRADIENT_TOLERANCE,
    Scaling,
    Statistics,
    cross_entropy,
    minimise,
    softmax,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

CONSTANT = 2
FLOAT32_MAX = float(np.finfo(np.float32).max)


def make_rows(rows: int = 300, k: int = 6, labels: int = 4, seed: int = 0):
    """Overlapping labels; scales from 0.1 to 10 and one constant component."""
    random = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(labels), random.integers(labels, size=rows - labels)])
    centres = random.normal(size=(labels, k))
    components = (centres[targets] + random.normal(size=(rows, k))) * np.logspace(-1, 1, k) + 3
    components[:, CONSTANT] = 3.7
    return components, targets


def fit(components, targets, reg_param=0.01, standardization=False, max_iter=1000):
    """Coefficients and intercepts."""
    scaling = Scaling.of(Statistics.of(components), reg_param, standardization)
    loss = partial(cross_entropy, scaling.apply(components.copy()), targets)
    weights = minimise(loss, np.bincount(targets), scaling, max_iter)
    return scaling.undo(weights)


def probabilities(components, coefficients, intercepts):
    return softmax(coefficients @ components.T + intercepts[:, np.newaxis]).T


def by_scikit_learn(components, targets, reg_param, scale=1.0):
    strength = 1 / (len(targets) * reg_param)
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    return model.fit(components / scale, targets).predict_proba(components / scale)


# --- the optimum ---------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [3, 4, 7])
@pytest.mark.parametrize("reg_param", [1e-4, 0.01, 1.0])
def test_probabilities_equal_scikit_learn_s(labels, reg_param):
    components, targets = make_rows(labels=labels)
    ours = probabilities(components, *fit(components, targets, reg_param))
    np.testing.assert_allclose(ours, by_scikit_learn(components, targets, reg_param), atol=1e-5)


def test_standardization_penalizes_components_of_unit_deviation():
    components, targets = make_rows()
    ours = probabilities(components, *fit(components, targets, standardization=True))
    scale = np.where(np.ptp(components, axis=0) > 0, components.std(axis=0, ddof=1), 1.0)
    theirs = by_scikit_learn(components, targets, 0.01, scale)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    other = probabilities(components, *fit(components, targets))
    assert np.abs(ours - other).max() > 0.01


def test_two_labels_equal_scikit_learn_s_binary_regression():
    """Two rows of weights that sum up to 0 are one row of twice the size, of half the penalty."""
    components, targets = make_rows(labels=2)
    ours = probabilities(components, *fit(components, targets))
    theirs = by_scikit_learn(components, targets, 0.01 / 2)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_weights_of_all_labels_sum_up_to_nothing():
    components, targets = make_rows()
    coefficients, intercepts = fit(components, targets)
    np.testing.assert_allclose(coefficients.sum(axis=0), 0, atol=1e-9)
    assert intercepts.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("standardization", [True, False])
@pytest.mark.parametrize("reg_param", [0.0, 0.01])
def test_a_constant_component_has_no_say(standardization, reg_param):
    components, targets = make_rows()
    coefficients, intercepts = fit(components, targets, reg_param, standardization)
    assert (coefficients[:, CONSTANT] == 0).all()
    rest = np.delete(components, CONSTANT, axis=1)
    without, others = fit(rest, targets, reg_param, standardization)
    np.testing.assert_allclose(np.delete(coefficients, CONSTANT, axis=1), without, atol=1e-6)
    np.testing.assert_allclose(intercepts, others, atol=1e-5)


def test_components_that_say_nothing_leave_the_shares_of_labels():
    targets = np.repeat([0, 1, 2], [50, 30, 20])
    found = probabilities(np.ones((100, 3)), *fit(np.ones((100, 3)), targets))
    np.testing.assert_allclose(found, np.tile([0.5, 0.3, 0.2], (100, 1)), atol=1e-6)


def test_the_order_of_rows_does_not_change_the_optimum():
    components, targets = make_rows()
    order = np.random.default_rng(1).permutation(len(targets))
    there = fit(components[order], targets[order])
    for ours, theirs in zip(fit(components, targets), there, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


# --- loss and gradient ---------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(1e-3, 30))
def test_the_gradient_is_that_of_the_loss(seed, labels, size):
    components, targets = make_rows(rows=20, labels=labels, seed=seed)
    scaled = (components - components.mean(axis=0)) / 10
    random = np.random.default_rng(seed)
    weights, step = random.normal(size=(2, labels, 7)) * size
    _, gradient = cross_entropy(scaled, targets, weights)
    tiny = 1e-5 / size
    after, before = (cross_entropy(scaled, targets, weights + s * step)[0] for s in (tiny, -tiny))
    assert (after - before) / (2 * tiny) == pytest.approx(
        (gradient * step).sum(), rel=1e-4, abs=1e-4
    )


def test_the_loss_is_the_sum_of_logarithms_of_probabilities():
    components, targets = make_rows()
    weights = np.random.default_rng(2).normal(size=(4, 7)) / 10
    loss, _ = cross_entropy(components, targets, weights)
    shares = probabilities(components, weights[:, :-1], weights[:, -1])
    assert loss == pytest.approx(-np.log(shares[np.arange(300), targets]).sum())


@pytest.mark.parametrize("size", [1e3, 1e30, 1e300])
def test_weights_of_any_size_do_not_overflow(size):
    components, targets = make_rows()
    loss, gradient = cross_entropy(components, targets, np.eye(4, 7) * size)
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("logits", [[1e308, -1e308], [-1e308, -1e308], [0.0, -800.0]])
def test_probabilities_of_huge_logits_are_numbers(logits):
    found = softmax(np.array(logits)[:, np.newaxis] / 2)
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)


# --- extremes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("standardization", [True, False])
@pytest.mark.parametrize("reg_param", [0.0, 0.01])
@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1e10, FLOAT32_MAX])
def test_components_of_any_size_give_numbers(scale, standardization, reg_param):
    components, targets = make_rows(rows=60)
    components *= scale / np.abs(components).max()
    with np.errstate(all="raise", under="ignore"):
        coefficients, intercepts = fit(components, targets, reg_param, standardization)
        found = probabilities(components, coefficients, intercepts)
    for values in (coefficients, intercepts, found):
        assert np.isfinite(values).all()


@pytest.mark.parametrize("scale", [1e-10, 1e10, FLOAT32_MAX])
def test_standardized_probabilities_do_not_depend_on_units(scale):
    components, targets = make_rows(rows=60)
    here = probabilities(components, *fit(components, targets, standardization=True))
    scaled = components * (scale / np.abs(components).max())
    there = probabilities(scaled, *fit(scaled, targets, standardization=True))
    np.testing.assert_allclose(here, there, atol=1e-5)


def test_labels_that_components_separate_have_finite_weights_without_a_penalty():
    components, targets = make_rows(rows=40)
    components += 100 * np.eye(4, 6)[targets]
    found = fit(components, targets, reg_param=0.0, max_iter=100)
    assert all(np.isfinite(values).all() for values in found)
    assert (probabilities(components, *found).argmax(axis=1) == targets).all()


def test_a_search_that_max_iter_ends_is_told(caplog):
    components, targets = make_rows()
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        fit(components, targets, max_iter=1000)
        assert caplog.text == ""
        fit(components, targets, max_iter=3)
    assert "classification.logistic_regression.max_iter=3" in caplog.text


def test_the_search_ends_where_the_gradient_does():
    components, targets = make_rows()
    scaling = Scaling.of(Statistics.of(components), 0.01, standardization=False)
    loss = partial(cross_entropy, scaling.apply(components.copy()), targets)
    weights = minimise(loss, np.bincount(targets), scaling, 1000)
    _, gradient = loss(weights)
    gradient /= len(targets)
    gradient[:, :-1] += scaling.penalty * weights[:, :-1]
    assert np.abs(gradient).max() <= 10 * GRADIENT_TOLERANCE


# --- statistics ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [1, 2, 7, 300])
def test_statistics_of_pieces_are_those_of_the_whole(pieces):
    components, _ = make_rows()
    components[:, 0] += 1e6
    found = reduce(add, map(Statistics.of, np.array_split(components, pieces)))
    assert found.rows == 300
    np.testing.assert_allclose(found.mean, components.mean(axis=0), rtol=1e-12)
    expected = components.std(axis=0, ddof=1)
    expected[CONSTANT] = 0
    np.testing.assert_allclose(found.deviation, expected, rtol=1e-7)
    assert found.deviation[CONSTANT] == 0
