"""A figure says how many labels and photographs it covers."""

from fruits_kedro.pipelines.coverage import coverage, coverage_warnings, stands_on


def test_a_figure_covers_the_labels_that_test():
    per_label = {
        "Fruit 007": {"support": 15, "f1": 1.0},
        "Fruit 008": {"support": 5, "f1": 0.5},
        "Fruit 009": {"support": 0, "f1": 0.0},
    }
    found = coverage(per_label, [f"Fruit {n:03}" for n in range(199)])
    assert (found["labels"], found["covered"], found["photographs"]) == (199, 2, 20)
    assert found["macro_f1"] == 0.75
    assert len(found["without_test"]) == 197 and "Fruit 009" in found["without_test"]
    assert stands_on(found) == "20 photographs of 2 of 199 labels"
    few, unmeasured = coverage_warnings(found, 0.9)
    assert stands_on(found) in few
    assert "Fruit 000" in unmeasured and "177 more" in unmeasured
    assert coverage_warnings(found, 2 / 199) == [unmeasured]
    assert coverage_warnings(coverage(per_label, ["Fruit 007", "Fruit 008"]), 1.0) == []
