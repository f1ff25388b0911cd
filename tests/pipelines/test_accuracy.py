"""Evaluation refits without what it asks about, and says why where it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from made_rows import PLACE, make_rows, settings

from fruits_kedro.model.refits import Refits
from fruits_kedro.pipelines.evaluation.accuracy import (
    evaluate_capture,
    evaluate_folder,
    evaluate_own,
    fit_and_score,
)

FOLDERS = {"method": "folder"}


def test_a_split_is_tested_on_photographs_that_did_not_train():
    rows = make_rows(apart=6, copies=True)
    tests = rows.with_copies(rows.capture == "r")
    rows = replace(rows, split=np.where(tests, "test", "train"))
    found = evaluate_folder(rows, FOLDERS, *settings())
    assert (found["train_rows"], found["copies"], found["test_rows"]) == (60, 60, 60)
    assert found["accuracy"] > 0.9


@pytest.mark.parametrize("scaling", ["standard", "within_label"])
def test_each_capture_group_is_left_out_once(scaling):
    rows, fits = make_rows(apart=4, copies=True), settings(scaling=scaling)
    photographs, cluttered = evaluate_capture(rows, rows.where(rows.variant > 0), *fits)
    assert sorted(photographs["folds"]) == ["plain", "r"]
    for name, fold in photographs["folds"].items():
        out = rows.with_copies(rows.capture == name)
        asked = rows.where(out & rows.photographs)
        [alone] = fit_and_score([asked], Refits(rows.where(~out), *fits))
        assert fold["accuracy"] == pytest.approx(alone["accuracy"], abs=0.02)
        assert (fold["test_rows"], fold["train_rows"], fold["copies"]) == (60, 60, 60)
    assert photographs["mean"] == np.mean([f["accuracy"] for f in photographs["folds"].values()])
    assert photographs["without_copies"]["folds"]["r"]["copies"] == 0
    assert cluttered["folds"]["r"]["test_rows"] == 60


def test_labels_with_one_group_train_in_every_fold_and_are_named():
    rows = make_rows(apart=4)
    rows = rows.where((rows.targets != 1) | (rows.capture == "plain"))
    photographs, cluttered = evaluate_capture(rows, rows.where(rows.variant > 0), *settings())
    assert photographs["labels_with_one_group"] == ["kiwi"]
    assert photographs["folds"]["plain"]["test_rows"] == 40
    assert set(cluttered) == {"left_out"}


def test_what_cannot_be_evaluated_has_a_reason():
    rows = make_rows(groups=("",))
    one, nothing = rows.where(rows.targets == 0), rows.where(rows.targets > 9)
    found = [*evaluate_capture(rows, nothing, *settings()), evaluate_own(rows, *settings())]
    alike = replace(rows, features=np.ones_like(rows.features))
    found += [evaluate_folder(part, FOLDERS, *settings()) for part in (one, alike, rows)]
    found.append(evaluate_folder(rows, {"method": "random"}, *settings()))
    assert [list(answer) for answer in found] == [["left_out"]] * 7


def test_own_photographs_lift_the_place_they_come_from():
    rows, fits = make_rows(own=24, copies=True), settings(share=0.5)
    found = evaluate_own(rows, *fits)
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
    assert evaluate_own(rows, *fits) == found


def test_places_are_never_pooled_and_a_forest_has_no_thresholds():
    rows = make_rows(own=24)
    elsewhere = np.where(rows.own & (np.arange(len(rows)) % 2 == 0), "home", rows.place)
    found = evaluate_own(replace(rows, place=elsewhere), *settings("random_forest"))["places"]
    assert sorted(found) == ["home", PLACE]
    assert sum(place["rows"] for place in found.values()) == 72
    for place in found.values():
        assert place["accuracy"] > 0.5
        assert (place["sure"], place["outliers"]) == (0, 0)
