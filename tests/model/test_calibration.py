"""Calibration of a real fit: whole capture groups are held out, and too few rows change nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from feature_tables import CALIBRATION, names
from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.classifier.calibrating import calibrate
from fruits_kedro.model.classifier.held_out import HeldOut, Refits, Rows, predict_held_out
from fruits_kedro.model.classifier.regression import SoftmaxClassifier, fit_softmax
from fruits_kedro.model.classifier.train_rows import DriverRows

from fruits_kedro.model.moments import TOGETHER, sum_table_moments
from fruits_kedro.model.reducer import Reducer, fit_reducer
from fruits_kedro.parameters.classification import ClassificationParameters

LABELS = ("fig", "kiwi", "nan")
PATTERN = r"(?:(r\d*)_)?\d+_"
REGRESSION = {
    "reg_param": 0.01,
    "standardization": False,
    "max_iter": 100,
    "driver_megabytes": 1024,
}
FOREST = {"trees": 1, "max_depth": 1, "seed": 0}


def parameters(**calibration: Any) -> ClassificationParameters:
    return ClassificationParameters(
        classifier="logistic_regression",
        logistic_regression=REGRESSION,
        random_forest=FOREST,
        calibration=CALIBRATION | calibration,
    )


def table(rows: int = 40, axes: tuple[str, ...] = ("", "r_"), apart: float = 1.5) -> pa.Table:
    """Frames of labels that lie apart, each axis of a label a little elsewhere."""
    random = np.random.default_rng(0)
    columns: dict[str, list[Any]] = {"path": [], "label": [], "features": []}
    for place, label in enumerate(LABELS):
        for axis in axes:
            middle = apart * np.eye(3, 4)[place] + random.normal(size=4) * 0.7
            for frame in range(rows // len(axes)):
                columns["path"].append(f"/{label}/{axis}{frame}_100.jpg")
                columns["label"].append(label)
                columns["features"].append((middle + random.normal(size=4)).tolist())
    columns["sha256"] = names(len(columns["path"]))
    columns["split"] = ["train"] * len(columns["path"])
    kind = pa.list_(pa.float32())
    return pa.table(columns | {"features": pa.array(columns["features"], kind)})


def copies_of(rows: pa.Table) -> pa.Table:
    """A copy of each row, beside it."""
    features = [[value + 1 for value in row] for row in rows["features"].to_pylist()]
    return pa.table(
        {
            "sha256": rows["sha256"],
            "variant": pa.array([1] * len(rows), pa.int32()),
            "features": pa.array(features, rows.schema.field("features").type),
        }
    )


SECOND_FOLD = slice(0, 60), slice(60, 120)
"""Turned photographs, and copies of them."""
NO_COPIES = copies_of(table().slice(0, 0))


def reducer_of(rows: pa.Table, shrinkage: float | None = None) -> Reducer:
    labels = sorted(set(rows["label"].to_pylist()))
    moments = sum_table_moments(rows, False, TOGETHER if shrinkage is None else labels)
    return fit_reducer(moments, 4, "backbone", shrinkage)


def fit(rows: pa.Table) -> SoftmaxClassifier:
    found = Rows.of(rows, NO_COPIES, LABELS, PATTERN)
    counts = {label: rows["label"].to_pylist().count(label) for label in LABELS}
    known = {label: count for label, count in counts.items() if count}
    components = reducer_of(rows).transform(found.features).astype(np.float64)
    train = DriverRows(components, found.targets)
    return fit_softmax(train, known, "r", parameters().logistic_regression)


def held_out(
    rows: pa.Table, copies: pa.Table = NO_COPIES, shrinkage: float | None = None
) -> HeldOut | None:
    given = parameters()
    refits = Refits(reducer_of(rows, shrinkage), shrinkage, given.logistic_regression)
    return predict_held_out(Rows.of(rows, copies, LABELS, PATTERN), refits, given.calibration)


def calibrated(
    rows: pa.Table, classifier: Classifier, copies: pa.Table = NO_COPIES, **calibration: Any
) -> Any:
    given = parameters(**calibration)
    reducer = reducer_of(rows)
    return calibrate(lambda: (rows, copies), classifier, reducer, None, given, PATTERN)


def test_every_row_of_several_capture_groups_is_predicted_by_a_fit_without_its_group():
    found = held_out(table())
    assert found.by == "capture groups"
    assert len(found.targets) == 120
    assert np.bincount(found.targets).tolist() == [40, 40, 40]
    assert np.isfinite(found.logits).all()


def test_a_copy_is_held_out_with_its_photograph():
    rows = table().sort_by("sha256")
    turned = np.array(["/r_" in path for path in rows["path"].to_pylist()])
    without, beside = held_out(rows), held_out(rows, copies_of(rows.filter(pa.array(turned))))
    # The first fold leaves the plain turns out, so the copies train in it; the second does not.
    plain = int((~turned).sum())
    logits = beside.logits[~beside.copies]
    assert not np.allclose(logits[:plain], without.logits[:plain])
    np.testing.assert_array_equal(logits[plain:], without.logits[plain:])


def test_copies_are_predicted_with_their_photographs():
    rows = table().sort_by("sha256")
    turned = rows.filter(pa.array(["/r_" in path for path in rows["path"].to_pylist()]))
    found = held_out(rows, copies_of(turned))
    assert (found.photographs, int(found.copies.sum())) == (120, len(turned))
    # Copies come last in their fold, in the order of their photographs.
    photographs, copies = (found.targets[-len(turned) * 2 :][part] for part in SECOND_FOLD)
    np.testing.assert_array_equal(photographs, copies)
    # A copy that is its photograph is told to be what that one is.
    same = copies_of(turned).set_column(2, "features", turned["features"])
    logits = held_out(rows, same).logits[-len(turned) * 2 :]
    np.testing.assert_array_equal(*(logits[part] for part in SECOND_FOLD))


def test_what_sets_photographs_of_a_label_apart_is_learnt_without_those_held_out():
    """A reducer that has seen both turns of a fruit would know how they differ."""
    rows = table(apart=0.5)
    plain = np.array(["/r_" not in path for path in rows["path"].to_pylist()])
    known = rows.filter(pa.array(plain))
    given = parameters().logistic_regression
    reducer = reducer_of(known, shrinkage=0.3)
    seen = Rows.of(known, NO_COPIES, LABELS, PATTERN)
    train = DriverRows(reducer.transform(seen.features).astype(np.float64), seen.targets)
    classifier = fit_softmax(train, dict.fromkeys(LABELS, 20), "", given)
    others = Rows.of(rows.filter(pa.array(~plain)), NO_COPIES, LABELS, PATTERN)
    logits = classifier.logits(reducer.transform(others.features).astype(np.float64))
    found = held_out(rows, shrinkage=0.3)
    np.testing.assert_allclose(found.logits[60:], logits, atol=1e-3)


def test_a_label_of_one_capture_group_trains_in_every_fold():
    rows = table()
    alone = [not (p.startswith("/kiwi/r_")) for p in rows["path"].to_pylist()]
    found = held_out(rows.filter(pa.array(alone)))
    assert np.bincount(found.targets).tolist() == [40, 0, 40]
    assert np.isfinite(found.logits[:, 1]).all()


@pytest.mark.parametrize("axes", [("",), ("IMG ",)])
def test_without_capture_groups_a_share_of_each_label_is_held_out(axes):
    found = held_out(table(axes=axes))
    assert found.by == "a stratified share"
    assert np.bincount(found.targets).tolist() == [10, 10, 10]


def test_one_row_of_each_label_leaves_nothing_to_hold_out():
    assert held_out(table(rows=1, axes=("",))) is None


def test_a_calibrated_classifier_is_nearer_to_the_truth(caplog):
    rows = table()
    plain = fit(rows)
    classifier, report = calibrated(rows, plain)
    assert isinstance(classifier, SoftmaxClassifier)
    assert classifier.calibration.temperature == report["temperature"] != 1
    errors = report["held_out"]["expected_calibration_error"]
    assert errors["after"] < errors["before"]
    assert report["held_out"]["rows"] == 120
    assert sum(row["rows"] for row in report["held_out"]["reliability"]["after"]) == 120
    assert 0 < report["sure"]["coverage"] <= 1
    assert classifier.calibration.sure_from == report["sure"]["from"]
    assert classifier.calibration.outliers.beyond == report["outlier"]["beyond"] > 1
    again, same = calibrated(rows, plain)
    assert (again.id, same) == (classifier.id, report)


def test_copies_that_are_hard_to_tell_make_probabilities_more_modest():
    rows = table(apart=4)
    random = np.random.default_rng(1)
    noise = random.normal(scale=3, size=(len(rows), 4))
    hard = (np.array(rows["features"].to_pylist()) + noise).tolist()
    kind = rows.schema.field("features").type
    copies = copies_of(rows).set_column(2, "features", pa.array(hard, kind))
    plain = fit(rows)
    (alone, of_alone), (both, of_both) = calibrated(rows, plain), calibrated(rows, plain, copies)
    assert both.calibration.temperature > alone.calibration.temperature
    told = of_both["held_out"]
    assert (told["rows"], told["photographs"]["rows"], told["copies"]["rows"]) == (240, 120, 120)
    assert told["copies"]["accuracy"] < told["accuracy"] < told["photographs"]["accuracy"]
    assert of_alone["held_out"]["copies"] == {"rows": 0}


def test_copies_do_not_count_for_the_photographs_that_are_needed():
    rows = table(rows=4)
    plain = fit(rows)
    classifier, report = calibrated(rows, plain, copies_of(rows), minimum=13)
    assert classifier is plain
    assert "12 train photographs can be held out" in report["left_out"]


def test_labels_and_their_order_stay_as_they_were():
    rows = table()
    plain = fit(rows)
    classifier, _ = calibrated(rows, plain)
    features = Rows.of(rows, NO_COPIES, LABELS, PATTERN).features
    components = reducer_of(rows).transform(features).astype(np.float64)
    before, after = (c.probabilities(components) for c in (plain, classifier))
    np.testing.assert_array_equal(before.argsort(axis=1), after.argsort(axis=1))
    assert not np.allclose(before, after)


def test_too_few_rows_are_told_and_change_nothing():
    rows = table(rows=4)
    plain = fit(rows)
    classifier, report = calibrated(rows, plain, minimum=50)
    assert classifier is plain
    assert report["temperature"] == 1
    assert "12 train photographs can be held out" in report["left_out"]
    assert "classification.calibration.minimum is 50" in report["left_out"]


def test_no_confidence_may_be_enough():
    rows = table(apart=0)
    classifier, report = calibrated(rows, fit(rows), precision=0.999)
    assert classifier.calibration.sure_from is None
    assert report["sure"] == {"precision": 0.999, "from": None, "coverage": 0.0}


def test_a_forest_is_not_calibrated_and_says_why():
    forest = Classifier(LABELS, "r")
    classifier, report = calibrated(table(), forest)
    assert classifier is forest
    assert "a random forest is not calibrated" in report["left_out"]


def test_the_calibration_is_part_of_what_a_classifier_is():
    plain = fit(table())
    changed = replace(plain, calibration=replace(plain.calibration, temperature=0.5))
    assert changed.id != plain.id


def test_a_label_that_a_fold_leaves_out_as_a_whole_is_as_unlikely_as_any():
    """Six groups make five folds: the first and the last group are left out together."""
    axes = tuple(f"r{number}_" for number in range(1, 7))
    rows = table(rows=36, axes=axes)
    kept = ("/fig/r1_", "/fig/r6_")
    chosen = [not p.startswith("/fig/") or p.startswith(kept) for p in rows["path"].to_pylist()]
    found = held_out(rows.filter(pa.array(chosen)))
    assert np.bincount(found.targets).tolist() == [0, 36, 36]
    without = np.isinf(found.logits[:, 0])
    assert without.sum() == 24
    assert np.isfinite(found.finite_logits).all()
    np.testing.assert_array_equal(
        found.finite_logits[without, 0], found.logits[without, 1:].min(axis=1)
    )
