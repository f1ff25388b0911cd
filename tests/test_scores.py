"""Scores equal scikit-learn's, whatever the confusions."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from fruits_kedro.model.scores import count_confusions, score

LABELS = st.sampled_from(["apple", "pear", "nan", "007", "Ünï côdé", ""])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


def confusions_of(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(pairs, columns=["label", "prediction"])
    return frame.groupby(["label", "prediction"]).size().reset_index(name="rows")


@given(PAIRS)
@settings(deadline=None, max_examples=150)
def test_scores_equal_scikit_learn(pairs):
    truth, guess = zip(*pairs, strict=True)
    names = sorted({*truth, *guess})
    options = {"labels": names, "zero_division": 0}
    scores = score(confusions_of(pairs))
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


def test_confusions_are_counted_in_order(spark):
    pairs = [("pear", "apple"), ("apple", "apple"), ("pear", "apple"), ("apple", "pear")]
    rows = spark.createDataFrame(pairs, "label string, prediction string").repartition(3)
    assert count_confusions(rows).to_dict(orient="list") == {
        "label": ["apple", "apple", "pear"],
        "prediction": ["apple", "pear", "apple"],
        "rows": [1, 1, 2],
    }


def test_no_predictions_have_no_confusions(spark):
    assert count_confusions(spark.createDataFrame([], "label string, prediction string")).empty
