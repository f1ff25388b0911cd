"""Scores equal scikit-learn's, whatever the confusions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, classification_report

from fruits_kedro.model.scores import score, score_confidences

LABELS = st.sampled_from(["apple", "pear", "nan", "007", "Ünï côdé", ""])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


@given(PAIRS)
@settings(deadline=None, max_examples=50)
def test_scores_equal_scikit_learn(pairs):
    truth, guess = zip(*pairs, strict=True)
    names = sorted({*truth, *guess})
    report = classification_report(truth, guess, labels=names, output_dict=True, zero_division=0)
    scores = score(truth, guess)
    assert scores["rows"] == len(pairs)
    assert scores["accuracy"] == pytest.approx(accuracy_score(truth, guess))
    assert scores["test_error"] == pytest.approx(1 - accuracy_score(truth, guess))
    assert scores["macro_f1"] == pytest.approx(report["macro avg"]["f1-score"])
    assert list(scores["per_label"]) == names
    for name, found in scores["per_label"].items():
        assert {"f1-score": found.pop("f1"), **found} == pytest.approx(report[name])


def test_only_what_is_sure_counts_among_the_sure():
    sure, right = np.array([True, False, False]), np.array([True, False, True])
    scores = score_confidences(np.array([0.9, 0.8, 0.6]), right, sure, ~sure)
    assert (scores["sure"], scores["right_if_sure"]) == (pytest.approx(1 / 3), 1.0)
    assert scores["outliers"] == pytest.approx(2 / 3)
    assert score_confidences(np.ones(3), right, sure & ~sure, sure)["right_if_sure"] is None
