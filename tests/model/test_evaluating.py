"""Evaluation refits without what it asks about, and tells why where it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from made_rows import PLACE, make_rows, settings

from fruits_kedro.model.evaluating import (
    evaluate_capture,
    evaluate_own,
    evaluate_split,
    refit_and_score,
)


def test_a_split_is_tested_on_photographs_that_did_not_train():
    rows = make_rows(apart=6, copies=True)
    chosen = np.where(rows.with_copies(rows.photographs & (rows.capture == "r")), "test", "train")
    found = evaluate_split(replace(rows, split=chosen), settings())
    assert (found["train_rows"], found["copies"], found["test_rows"]) == (60, 60, 60)
    assert found["accuracy"] > 0.9
    again = refit_and_score(
        rows.where(chosen == "train"), rows.where((chosen == "test") & rows.photographs), settings()
    )
    assert again == found


@pytest.mark.parametrize("scaling", ["standard", "within_label"])
def test_each_capture_group_is_left_out_once(scaling):
    rows = make_rows(apart=4, copies=True)
    scenes = rows.where(rows.variant > 0)
    photographs, cluttered = evaluate_capture(rows, scenes, settings(scaling=scaling))
    assert sorted(photographs["folds"]) == ["plain", "r"]
    for name, fold in photographs["folds"].items():
        out = rows.with_copies(rows.photographs & (rows.capture == name))
        alone = refit_and_score(
            rows.where(~out), rows.where(out & rows.photographs), settings(scaling=scaling)
        )
        assert fold["accuracy"] == pytest.approx(alone["accuracy"], abs=0.02)
        assert (fold["test_rows"], fold["train_rows"], fold["copies"]) == (60, 60, 60)
    assert photographs["mean"] == np.mean([f["accuracy"] for f in photographs["folds"].values()])
    assert photographs["without_copies"]["folds"]["r"]["copies"] == 0
    assert cluttered["folds"]["r"]["test_rows"] == 60


def test_labels_with_one_group_train_in_every_fold_and_are_named():
    rows = make_rows(apart=4)
    rows = rows.where((rows.targets != 1) | (rows.capture == "plain"))
    photographs, _ = evaluate_capture(rows, None, settings())
    assert photographs["labels_with_one_group"] == ["kiwi"]
    assert photographs["folds"]["plain"]["test_rows"] == 40


def test_no_groups_and_no_labels_are_told():
    rows = make_rows(groups=("",))
    assert "left_out" in evaluate_capture(rows, None, settings())[0]
    one = rows.where(rows.targets == 0)
    assert "left_out" in refit_and_score(one, one, settings())
    assert "left_out" in refit_and_score(rows, rows.where(rows.targets > 9), settings())
    assert "left_out" in evaluate_own(rows, settings())


def test_own_photographs_lift_the_place_they_come_from():
    half = settings()
    half = replace(half, own=half.own.model_copy(update={"share": 0.5}))
    found = evaluate_own(make_rows(own=24, copies=True), half)
    place = found["places"][PLACE]
    assert place["rows"] == 72
    assert place["top_3"] == 1
    curve = {point["photographs"]: np.mean(point["accuracies"]) for point in place["curve"]}
    assert list(curve) == [0, 2, 5, 10, 20]
    assert curve[20] > curve[0] + 0.2
    assert place["accuracy"] > curve[0] + 0.2
    assert [gain["photographs"] for gain in place["gains"]] == [24, 24, 24]
    gains = [gain["gain"] for gain in place["gains"]]
    assert gains == sorted(gains, reverse=True)
    assert evaluate_own(make_rows(own=24, copies=True), half) == found


def test_places_are_never_pooled():
    rows = make_rows(own=24)
    elsewhere = np.where(rows.own & (np.arange(len(rows)) % 2 == 0), "home", rows.place)
    found = evaluate_own(replace(rows, place=elsewhere), settings())
    assert sorted(found["places"]) == ["home", PLACE]
    assert sum(place["rows"] for place in found["places"].values()) == 72


def test_a_forest_is_evaluated_without_thresholds():
    place = evaluate_own(make_rows(own=12), settings("random_forest"))["places"][PLACE]
    assert place["accuracy"] > 0.5
    assert (place["sure"], place["outliers"]) == (0, 0)
