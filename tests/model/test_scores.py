"""Scores of labels and of how far predictions are believed."""

import json

import numpy as np
import pytest

from fruits_kedro.model.scores import score, score_confidences


def test_scores_count_every_label_that_occurs():
    scores = score(["nan", "nan", "pear", "é"], ["nan", "pear", "pear", "007"])
    assert scores["accuracy"] == 0.5
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 4)
    assert json.loads(json.dumps(scores["per_label"])) == {
        "007": {"support": 0, "precision": 0, "recall": 0, "f1": 0},
        "nan": {"support": 2, "precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3)},
        "pear": {"support": 1, "precision": 0.5, "recall": 1, "f1": pytest.approx(2 / 3)},
        "é": {"support": 1, "precision": 0, "recall": 0, "f1": 0},
    }


def test_only_what_is_sure_counts_among_the_sure():
    sure, right = np.array([True, False, False]), np.array([True, False, True])
    scores = score_confidences(np.array([0.9, 0.8, 0.6]), right, sure, ~sure)
    assert (scores["sure"], scores["right_if_sure"]) == (pytest.approx(1 / 3), 1.0)
    assert scores["outliers"] == pytest.approx(2 / 3)
    assert score_confidences(np.ones(3), right, sure & ~sure, sure)["right_if_sure"] is None
