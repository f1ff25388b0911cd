"""Calibration: what temperature, thresholds and outlier scores do to known logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro.model.confidence import (
    Outliers,
    choose_sure,
    expected_error,
    fit_temperature,
    reliability,
)
from fruits_kedro.model.matrices import softmax


@pytest.mark.parametrize("wrong_by", [0.25, 4.0])
def test_the_temperature_undoes_what_logits_are_wrong_by(wrong_by):
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 5)) * 2
    levels = softmax(logits).cumsum(axis=1)
    targets = (random.random((4000, 1)) > levels).sum(axis=1).clip(max=4)
    logits *= wrong_by
    found = fit_temperature(logits, targets)
    assert found == pytest.approx(wrong_by, rel=0.1)

    def error(temperature: float) -> float:
        probabilities = softmax(logits / temperature)
        right = probabilities.argmax(axis=1) == targets
        return expected_error(reliability(probabilities.max(axis=1), right))

    assert error(1.0) > 0.1
    assert error(found) < 0.03
    # A label that did not train has no probability.
    padded = np.column_stack([logits, np.full(len(logits), -np.inf)])
    assert fit_temperature(padded, targets) == pytest.approx(found)


@pytest.mark.parametrize("rows", [1, 50, 5000])
def test_where_all_are_right_probabilities_stay_below_certainty(rows):
    logits, targets = np.tile([2.0, 0.0, 0.0], (rows, 1)), np.zeros(rows, np.int64)
    confidence = softmax(logits / fit_temperature(logits, targets)).max()
    assert confidence == pytest.approx(1 - 1 / (rows + 2), abs=0.01)
    assert confidence < 1


def test_where_all_are_wrong_nothing_is_told_apart():
    logits, targets = np.tile([2.0, 0.0], (100, 1)), np.ones(100, np.int64)
    assert softmax(logits / fit_temperature(logits, targets)).max() < 0.52


def test_the_reliability_diagram_counts_every_row_once():
    confidence = np.array([0.0, 0.32, 0.34, 0.99, 1.0])
    right = np.array([False, True, False, True, True])
    diagram = reliability(confidence, right)
    assert [row["rows"] for row in diagram] == [1, 1, 1, 2]
    assert diagram[-1] == {"rows": 2, "confidence": pytest.approx(0.995), "accuracy": 1.0}
    assert expected_error(diagram) == pytest.approx((0 + 0.68 + 0.34 + 2 * 0.005) / 5)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.6, 0.99]), st.booleans()), min_size=1),
    st.sampled_from([0.5, 0.9, 0.95]),
)
def test_what_is_sure_is_right_as_often_as_was_wanted(rows, precision):
    confidence, right = (np.array(column) for column in zip(*rows, strict=True))
    found = choose_sure(confidence, right, precision)
    enough = [t for t in set(confidence) if right[confidence >= t].mean() >= precision]
    assert found == (min(enough) if enough else None)
    doubted = choose_sure(confidence, right, precision, doubt=1.0)
    assert doubted is None or doubted >= found


@pytest.mark.parametrize(("rows", "sure_from"), [(5, None), (30, 1.0)])
def test_few_rows_that_are_all_right_may_be_too_few(rows, sure_from):
    assert choose_sure(np.ones(rows), np.ones(rows, bool), 0.95, doubt=1.0) == sure_from


# --- outliers ------------------------------------------------------------------------------------


def clusters(labels: int = 4, rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Logits of labels, three times as wide in one direction as in the others."""
    random = np.random.default_rng(0)
    targets = np.repeat(np.arange(labels), rows)
    scatter = random.normal(size=(len(targets), labels)) * ([1.0] * (labels - 1) + [3.0])
    return 30 * np.eye(labels)[targets] + scatter, targets


def test_the_score_is_the_distance_to_the_nearest_label_in_units_of_its_scatter():
    logits, targets = clusters()
    outliers = Outliers.of(logits, targets)
    known = outliers.scores(logits)
    assert np.median(known) == pytest.approx(1, abs=0.3)
    assert outliers.scores(np.full((1, 4), 7.5))[0] > np.quantile(known, 0.99)
    means = np.stack([logits[targets == label].mean(axis=0) for label in range(4)])
    np.testing.assert_allclose(outliers.scores(means), 0, atol=1e-9)
    wide, narrow = outliers.scores(means[0] + 5 * np.eye(4)[[3, 0]])
    assert narrow > 5 * wide


@pytest.mark.parametrize("rows", [1, 2])
def test_so_few_rows_that_they_do_not_scatter_give_numbers(rows):
    logits = np.repeat(30 * np.eye(3), rows, axis=0)
    scores = Outliers.of(logits, np.repeat(np.arange(3), rows)).scores(logits + 1)
    assert np.isfinite(scores).all()


def test_a_label_without_rows_is_not_near_to_anything():
    logits, targets = clusters()
    some = targets != 2
    outliers = Outliers.of(logits[some], targets[some])
    assert outliers.means.shape == (3, 4)
    assert outliers.scores(logits[targets == 2]).min() > outliers.scores(logits[some]).max() / 2


def test_weights_are_as_good_as_that_many_rows():
    logits, targets = clusters(rows=5)
    twice = Outliers.of(np.vstack([logits, logits[:5]]), np.append(targets, targets[:5]))
    weighted = Outliers.of(logits, targets, weights=np.where(targets == 0, 2.0, 1.0))
    np.testing.assert_allclose(weighted.scores(logits), twice.scores(logits))
