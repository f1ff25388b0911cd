"""Calibration of a real fit: whole capture groups are held out, and too few rows change nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
from made_rows import LABELS, PLACE, classification, make_rows, settings

from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import Classifier
from fruits_kedro.model.confidence import STUDIO
from fruits_kedro.model.held_out import HeldOut, hold_out_place, hold_out_studio
from fruits_kedro.model.refits import DIRECTIONS, Fitted, Refits, alike_folds
from fruits_kedro.model.rows import Rows

REFITS = Refits.of(*settings())
WITHIN = Refits.of(*settings(scaling="within_label"))


def held_out(rows: Rows, refits: Refits = REFITS) -> HeldOut | None:
    return hold_out_studio(rows, refits, refits.sums(rows))


def calibrated(rows: Rows, fitted: Fitted, minimum: int = 30, **calibration: Any) -> Any:
    own = REFITS.own.model_copy(update={"minimum": minimum})
    refits = replace(REFITS, parameters=classification(**calibration), own=own)
    return calibrate(rows, fitted.classifier, fitted.reducer, refits)


# --- what is held out ----------------------------------------------------------------------------


def test_every_row_of_several_capture_groups_is_predicted_by_a_fit_without_its_group():
    rows = make_rows()
    found = held_out(rows)
    assert found.by == "capture groups"
    assert np.bincount(found.targets).tolist() == [40, 40, 40]
    # A label of one capture group trains in every fold.
    some = held_out(rows.where((rows.targets != 1) | (rows.capture == "plain")))
    assert np.bincount(some.targets).tolist() == [40, 0, 40]
    assert np.isfinite(found.logits).all() and np.isfinite(some.logits).all()


def test_copies_are_held_out_with_their_photograph():
    rows = make_rows(copies=True)
    found = held_out(rows)
    assert (found.photographs, len(found.targets)) == (120, 240)
    first = rows.where(rows.capture == "plain")
    others = REFITS.fit(rows.where(rows.capture == "r"))
    np.testing.assert_allclose(found.logits[: len(first)], others.logits(first), atol=1e-6)


def test_what_sets_photographs_of_a_label_apart_is_learnt_without_those_held_out():
    """A reducer that has seen both turns of a fruit would know how they differ."""
    rows = make_rows(apart=0.5)
    first = rows.where(rows.capture == "plain")
    expected = WITHIN.fit(rows.where(rows.capture == "r")).logits(first)
    np.testing.assert_allclose(held_out(rows, WITHIN).logits[: len(first)], expected, atol=1e-3)


def test_without_capture_groups_a_share_of_each_label_is_held_out():
    found = held_out(make_rows(groups=("",)))
    assert found.by == "a stratified share"
    assert np.bincount(found.targets).tolist() == [10, 10, 10]
    assert held_out(make_rows(rows=1, groups=("",))) is None


def test_a_label_that_a_fold_leaves_out_as_a_whole_is_as_unlikely_as_any():
    """Six groups make five folds: the first and the last group are left out together."""
    rows = make_rows(rows=36, groups=tuple(f"r{number}" for number in range(1, 7)))
    found = held_out(rows.where((rows.targets != 0) | np.isin(rows.capture, ["r1", "r6"])))
    assert np.bincount(found.targets).tolist() == [0, 36, 36]
    without = np.isinf(found.logits[:, 0])
    assert without.sum() == 24
    assert np.isfinite(found.finite_logits).all()


def test_own_photographs_of_a_place_are_held_out_in_folds_and_their_copies_never_asked():
    rows = make_rows(own=12, copies=True)
    folds = hold_out_place(rows, PLACE, REFITS, REFITS.sums(rows))
    assert sum(len(part.targets) for part, _ in folds) == 36
    assert not any(part.copies.any() for part, _ in folds)
    for part, fitted in folds:
        assert fitted.photographs == 120 + 36 - len(part.targets)


def test_photographs_that_are_alike_are_held_out_together():
    rows = make_rows(own=12, copies=True)
    place = rows.where(rows.own)
    pairs = np.flatnonzero(place.photographs & (place.targets == 1))
    features = np.random.default_rng(0).normal(size=place.features.shape).astype(np.float32)
    features[pairs[1::2]] = features[pairs[::2]] * 1.01
    folds = alike_folds(replace(place, features=features), 3)
    assert np.sum(folds, axis=0).tolist() == [1] * len(place)
    for fold in folds:
        np.testing.assert_array_equal(fold[pairs[::2]], fold[pairs[1::2]])
    # A pile of photographs that are all alike is divided.
    same = replace(place, features=np.ones_like(place.features))
    assert [int(fold.sum()) for fold in alike_folds(same, 3)] == [24, 24, 24]


def test_whole_sessions_of_a_place_are_held_out_where_there_are_any():
    rows = make_rows(own=12)
    session = np.where(rows.own, np.where(np.arange(len(rows)) % 2, "mon", "sat"), rows.capture)
    rows = replace(rows, capture=session)
    folds = hold_out_place(rows, PLACE, REFITS, REFITS.sums(rows))
    assert len(folds) == 2
    assert folds[0][0].by == "sessions"


def test_fits_on_fewer_directions_are_nearly_the_same():
    random = np.random.default_rng(0)
    rows = make_rows()
    spread = random.normal(size=(6, DIRECTIONS + 100)).astype(np.float32)
    rows = replace(rows, features=rows.features @ spread + np.float32(0.1))
    fewer, projected, sums = WITHIN.on_directions(rows, WITHIN.sums(rows))
    assert projected.features.shape == (len(rows), DIRECTIONS)
    expected = WITHIN.fit(rows).probabilities(rows)
    found = fewer.fit(projected, sums).probabilities(projected)
    np.testing.assert_allclose(found, expected, atol=1e-2)


# --- what is chosen ------------------------------------------------------------------------------


def test_a_calibrated_classifier_is_nearer_to_the_truth():
    rows = make_rows(copies=True)
    fitted = REFITS.fit(rows)
    classifier, report = calibrated(rows, fitted)
    assert classifier.calibration.temperature == report["temperature"] != 1
    errors = report["held_out"]["expected_calibration_error"]
    assert errors["after"] < errors["before"]
    assert sum(row["rows"] for row in report["held_out"]["reliability"]["after"]) == 240
    counts = [report["held_out"][part]["rows"] for part in ("photographs", "copies")]
    assert counts == [120, 120]
    assert classifier.calibration.sure_from == report["sure"]["from"]
    assert classifier.calibration.outliers.beyond == report["outlier"]["beyond"] > 1
    assert classifier.calibration.holds_for == (STUDIO,)
    again, same = calibrated(rows, fitted)
    assert (again.id, same) == (classifier.id, report)
    components = fitted.reducer.transform(rows.features)
    before, after = (c.probabilities(components) for c in (fitted.classifier, classifier))
    np.testing.assert_array_equal(before.argsort(axis=1), after.argsort(axis=1))


def test_own_photographs_decide_where_there_are_enough():
    rows = make_rows(own=20, apart=3)
    fitted = REFITS.fit(rows)
    classifier, report = calibrated(rows, fitted)
    assert PLACE in classifier.calibration.holds_for
    assert report["held_out"]["place"] == PLACE
    assert set(report["places"]) == {PLACE, STUDIO}
    there = report["places"][PLACE]
    assert there["rows"] == 60
    assert there["right_if_sure"] >= 0.95
    few, of_few = calibrated(rows, fitted, minimum=61)
    assert few.calibration.holds_for == (STUDIO,)
    assert of_few["places"][PLACE]["rows"] == 60


def test_too_few_photographs_are_named_and_change_nothing():
    rows = make_rows(rows=4, copies=True)
    fitted = REFITS.fit(rows)
    classifier, report = calibrated(rows, fitted, minimum=13)
    assert classifier is fitted.classifier
    assert report["temperature"] == 1
    assert "12 train photographs" in report["left_out"]


def test_no_confidence_may_be_enough():
    rows = make_rows(apart=0)
    classifier, report = calibrated(rows, REFITS.fit(rows), precision=0.999)
    assert classifier.calibration.sure_from is None
    assert report["sure"] == {"precision": 0.999, "from": None, "coverage": 0.0}


def test_a_classifier_without_logits_is_not_calibrated_and_says_why():
    rows = make_rows()
    fitted = REFITS.fit(rows)
    plain = Classifier(LABELS, fitted.reducer.id)
    classifier, report = calibrated(rows, replace(fitted, classifier=plain))
    assert classifier is plain
    assert "logits" in report["left_out"]
