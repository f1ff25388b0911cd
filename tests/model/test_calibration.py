"""Calibration by real fits: who is held out together, and what is chosen by their predictions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_rows import LABELS, PLACE, classification, make_rows, settings

from fruits_kedro.model.calibration import calibrate
from fruits_kedro.model.classifier import Classifier
from fruits_kedro.model.confidence import STUDIO
from fruits_kedro.model.matrices import softmax
from fruits_kedro.model.refits import (
    DIRECTIONS,
    Fitted,
    HeldOut,
    Refits,
    alike_folds,
    hold_out,
)
from fruits_kedro.model.rows import Rows


def refits(rows: Rows, scaling: str = "standard") -> Refits:
    return Refits(rows, *settings(scaling=scaling))


def held_out(rows: Rows, scaling: str = "standard") -> HeldOut:
    return HeldOut.joined([part for part, _ in hold_out(refits(rows, scaling))])


def calibrated(rows: Rows, fitted: Fitted, minimum: int = 30, **calibration: Any) -> Any:
    reduction, _, own = settings(minimum=minimum)
    given = Refits(rows, reduction, classification(**calibration), own)
    return calibrate(fitted.classifier, fitted.reducer, given)


# --- what is held out ----------------------------------------------------------------------------


def test_every_row_of_several_capture_groups_is_predicted():
    rows = make_rows()
    found = held_out(rows)
    assert found.by == "capture groups"
    assert np.bincount(found.targets).tolist() == [40, 40, 40]
    # A label of one capture group trains in every fold.
    some = held_out(rows.where((rows.targets != 1) | (rows.capture == "plain")))
    assert np.bincount(some.targets).tolist() == [40, 0, 40]
    assert np.isfinite(found.logits).all() and np.isfinite(some.logits).all()


@pytest.mark.parametrize(("scaling", "apart"), [("standard", 1.5), ("within_label", 0.5)])
def test_a_group_is_predicted_by_reducer_and_classifier_of_the_others(scaling, apart):
    """A reducer that has seen both turns of a fruit would know how they differ."""
    rows = make_rows(apart=apart, copies=True)
    found = held_out(rows, scaling)
    assert (found.photographs, len(found.targets)) == (120, 240)
    first = rows.where(rows.capture == "plain")
    expected = refits(rows.where(rows.capture == "r"), scaling).fit().logits(first)
    np.testing.assert_allclose(found.logits[: len(first)], expected, atol=1e-3)


def test_without_capture_groups_a_share_of_each_label_is_held_out():
    rows = make_rows(groups=("",), copies=True)
    found = held_out(rows)
    assert found.by == "a stratified share"
    assert np.bincount(found.targets).tolist() == [20, 20, 20]
    assert hold_out(refits(make_rows(rows=1, groups=("",)))) == []


def test_a_label_that_a_fold_leaves_out_as_a_whole_is_as_unlikely_as_any():
    """Six groups make five folds: the first and the last group are left out together."""
    rows = make_rows(rows=36, groups=tuple(f"r{number}" for number in range(1, 7)))
    found = held_out(rows.where((rows.targets != 0) | np.isin(rows.capture, ["r1", "r6"])))
    assert np.bincount(found.targets).tolist() == [0, 36, 36]
    without = np.isinf(found.logits[:, 0])
    assert without.sum() == 24
    assert np.isfinite(found.finite_logits).all()


def test_own_photographs_of_a_place_are_held_out_with_their_copies_which_are_never_asked():
    rows = make_rows(own=12, copies=True)
    folds = hold_out(refits(rows), PLACE)
    assert folds[0][0].by == "alike photographs"
    assert sum(len(part.targets) for part, _ in folds) == 36
    for part, fitted in folds:
        assert not part.copies.any()
        assert fitted.reducer.rows == len(rows) - 2 * len(part.targets)
    session = np.where(np.arange(len(rows)) // 2 % 2, "mon", "sat")
    of_sessions = refits(replace(rows, capture=np.where(rows.own, session, rows.capture)))
    assert [part.by for part, _ in hold_out(of_sessions, PLACE)] == ["sessions"] * 2


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


def test_fits_on_fewer_directions_are_nearly_the_same():
    rows = make_rows()
    spread = np.random.default_rng(0).normal(size=(6, DIRECTIONS + 100)).astype(np.float32)
    rows = replace(rows, features=rows.features @ spread + np.float32(0.1))
    whole = refits(rows, "within_label")
    fewer = whole.on_directions()
    assert fewer.rows.features.shape == (len(rows), DIRECTIONS)
    expected, found = (softmax(made.fit().logits(made.rows)) for made in (whole, fewer))
    np.testing.assert_allclose(found, expected, atol=1e-2)


# --- what is chosen ------------------------------------------------------------------------------


def test_a_calibrated_classifier_is_nearer_to_the_truth():
    rows = make_rows(copies=True)
    fitted = refits(rows).fit()
    classifier, report = calibrated(rows, fitted)
    chosen, found = classifier.calibration, report["held_out"]
    assert chosen.temperature == report["temperature"] != 1
    assert chosen.sure_from == report["sure"]["from"]
    assert chosen.outliers.beyond == report["outlier"]["beyond"] > 1
    assert chosen.holds_for == (STUDIO,)
    errors = found["expected_calibration_error"]
    assert errors["after"] < errors["before"]
    assert sum(row["rows"] for row in found["reliability"]["after"]) == 240
    assert [found[part]["rows"] for part in ("photographs", "copies")] == [120, 120]
    again, same = calibrated(rows, fitted)
    assert (again.id, same) == (classifier.id, report)


def test_own_photographs_decide_where_there_are_enough():
    rows = make_rows(own=20, apart=3)
    fitted = refits(rows).fit()
    classifier, report = calibrated(rows, fitted)
    assert PLACE in classifier.calibration.holds_for
    assert report["held_out"]["place"] == PLACE
    assert set(report["places"]) == {PLACE, STUDIO}
    there = report["places"][PLACE]
    assert there["rows"] == 60
    assert there["right_if_sure"] >= 0.95
    few, of_few = calibrated(rows, fitted, minimum=61)
    assert few.calibration.holds_for == (STUDIO,)
    assert of_few["held_out"]["place"] == STUDIO
    assert of_few["places"][PLACE]["rows"] == 60


def test_no_confidence_may_be_enough():
    rows = make_rows(apart=0)
    classifier, report = calibrated(rows, refits(rows).fit(), precision=0.999)
    assert classifier.calibration.sure_from is None
    assert report["sure"] == {"precision": 0.999, "from": None, "coverage": 0.0}


def test_what_cannot_be_calibrated_stays_and_says_why():
    rows = make_rows(rows=4, copies=True)
    fitted = refits(rows).fit()
    classifier, report = calibrated(rows, fitted, minimum=13)
    assert classifier is fitted.classifier
    assert report["temperature"] == 1
    assert "12 train photographs" in report["left_out"]
    plain = Classifier(LABELS, fitted.reducer.id)
    classifier, report = calibrated(rows, replace(fitted, classifier=plain))
    assert classifier is plain
    assert "logits" in report["left_out"]
