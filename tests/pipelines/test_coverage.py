"""A figure says how many labels and photographs it covers."""

import pytest

from fruits_kedro.pipelines.coverage import coverage, coverage_warnings, stands_on

LABELS = [f"Fruit {n:03}" for n in range(199)]


def scores(support: int, f1: float) -> dict[str, float]:
    return {"support": support, "f1": f1}


def test_one_of_199_labels_is_called_so():
    found = coverage({"Fruit 007": scores(20, 1.0), "Fruit 008": scores(0, 0.0)}, LABELS)
    assert (found["labels"], found["covered"], found["photographs"]) == (199, 1, 20)
    assert found["macro_f1"] == 1.0
    assert "Fruit 007" not in found["without_test"] and len(found["without_test"]) == 198
    assert stands_on(found) == "20 photographs of 1 of 199 labels"
    few, unmeasured = coverage_warnings(found, 0.9)
    assert "20 photographs of 1 of 199 labels" in few
    assert "Fruit 000" in unmeasured and "178 more" in unmeasured


def test_f1_is_the_mean_over_the_tested_labels():
    found = coverage({"a": scores(3, 0.5), "b": scores(1, 1.0), "c": scores(0, 0.0)}, "abc")
    assert (found["macro_f1"], found["without_test"]) == (0.75, ["c"])
    nothing = coverage({}, ["b", "a"])
    assert (nothing["macro_f1"], nothing["without_test"]) == (None, ["a", "b"])


@pytest.mark.parametrize(
    ("labels", "share", "warnings"), [("ab", 0.5, 1), ("ab", 0.51, 2), ("a", 1.0, 0)]
)
def test_the_share_that_warns_is_a_parameter(labels, share, warnings):
    assert len(coverage_warnings(coverage({"a": scores(3, 1.0)}, labels), share)) == warnings
