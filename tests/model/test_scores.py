"""Scores equal scikit-learn's, whatever the confusions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from fruits_kedro.model.scores import count_confusions, score, score_confidences

LABELS = st.sampled_from(["apple", "pear", "nan", "007", "Ünï côdé", ""])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


@given(PAIRS)
@settings(deadline=None, max_examples=50)
def test_scores_equal_scikit_learn(pairs):
    truth, guess = zip(*pairs, strict=True)
    names = sorted({*truth, *guess})
    options = {"labels": names, "zero_division": 0}
    scores = score(truth, guess)
    assert scores["rows"] == len(pairs)
    assert scores["accuracy"] == pytest.approx(accuracy_score(truth, guess))
    assert scores["test_error"] == pytest.approx(1 - accuracy_score(truth, guess))
    assert scores["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro", **options))
    assert list(scores["per_label"]) == names
    for name, measure in (
        ("precision", precision_score),
        ("recall", recall_score),
        ("f1", f1_score),
    ):
        ours = [scores["per_label"][label][name] for label in names]
        assert ours == pytest.approx(list(measure(truth, guess, average=None, **options))), name
    supports = {label: scores["per_label"][label]["support"] for label in names}
    assert supports == {label: truth.count(label) for label in names}


def test_confusions_are_counted_in_order():
    labels, predictions = ["pear", "apple", "pear", "apple"], ["apple", "apple", "apple", "pear"]
    assert count_confusions(labels, predictions).to_dict(orient="list") == {
        "label": ["apple", "apple", "pear"],
        "prediction": ["apple", "pear", "apple"],
        "rows": [1, 1, 2],
    }


def test_no_predictions_have_no_confusions():
    assert count_confusions([], []).empty


def test_only_what_is_sure_counts_among_the_sure():
    scores = score_confidences(
        np.array([0.9, 0.8, 0.6]), np.array([True, False, True]), [True, None, False], [None] * 3
    )
    assert (scores["sure"], scores["right_if_sure"]) == (pytest.approx(1 / 3), 1.0)
    assert scores["outliers"] == 0
