"""Evaluation of the whole run: whole captures held out, beside the splits that leak.

The arithmetic is in test_accuracy.py.
"""

from typing import Any

import pytest
from runs import LABELS, ONE_AXIS, TEST_COUNT, Job


@pytest.fixture(scope="module")
def evaluated(whole_run, tmp_path_factory) -> Job:
    job = whole_run.fork(tmp_path_factory.mktemp("evaluated"))
    job.run("evaluation")
    return job


@pytest.fixture(scope="module")
def answers(evaluated) -> dict[str, Any]:
    return evaluated.report("evaluation")


@pytest.fixture(scope="module")
def photographs(evaluated) -> list[dict[str, Any]]:
    """Kept photographs that have features."""
    good = {row["path"] for row in evaluated.rows("predictions")}
    return [row for row in evaluated.rows("photographs") if row["path"] in good]


@pytest.fixture(scope="module")
def copied(evaluated) -> set[str]:
    rows = evaluated.rows("reduced_features", "path", "sha256", "variant")
    return {row["sha256"] for row in rows if row["variant"] > 0}


def held_out(photographs: list[dict[str, Any]], group: str) -> list[dict[str, Any]]:
    return [row for row in photographs if row["capture"] == group and row["label"] != ONE_AXIS]


@pytest.mark.parametrize("name", ["folder", "random"])
def test_an_answer_has_scores_of_rows_that_did_not_train(photographs, answers, name):
    answer = answers[name]
    assert 0.5 < answer["accuracy"] <= 1
    assert 0 < answer["macro_f1"] <= 1
    assert answer["train_rows"] + answer["test_rows"] == len(photographs)
    assert answer["k"] == answer["train_rows"] + answer["copies"] - 1


def test_folder_tests_on_the_test_folders_as_the_default_run_does_and_random_on_its_share(
    evaluated, answers
):
    assert answers["folder"]["test_rows"] == len(LABELS) * TEST_COUNT
    assert answers["folder"]["accuracy"] == evaluated.report("metrics")["accuracy"]
    # Six labels of eight photographs, and one of nine: a fifth of each, rounded.
    assert answers["random"]["test_rows"] == 12
    assert "left_out" in answers["own"]


def test_copies_of_rows_that_test_do_not_train(photographs, copied, answers):
    """Only rows of the Training folders have copies, and of these some are drawn to test."""
    assert answers["folder"]["copies"] == len(copied) == answers["folder"]["train_rows"]
    assert 0 < answers["random"]["copies"] < len(copied)
    for name, fold in answers["capture"]["folds"].items():
        out = [row for row in held_out(photographs, name) if row["sha256"] in copied]
        assert fold["copies"] == len(copied) - len(out)


def test_capture_holds_each_rotation_axis_out_once(photographs, answers):
    folds = answers["capture"]["folds"]
    assert set(folds) == {"plain", "r"}
    for name, fold in folds.items():
        out = held_out(photographs, name)
        assert fold["test_rows"] == len(out) >= len(LABELS)
        # What has no capture in its name, and a label of one axis, trains in every fold.
        assert fold["train_rows"] == len(photographs) - len(out)
    assert [row["label"] for row in photographs if row["capture"] is None] == ["Apple"]
    assert answers["capture"]["labels_with_one_group"] == [ONE_AXIS]
    assert 1 / len(LABELS) < answers["capture"]["mean"] <= 1


def test_cluttered_scenes_show_the_photographs_of_the_groups_held_out(
    evaluated, photographs, answers
):
    scenes = evaluated.rows("scene_features", "sha256", "variant", "reason")
    assert {row["variant"] for row in scenes} == {1}
    assert {row["reason"] for row in scenes} == {None}
    shown = {row["sha256"] for row in scenes}
    rows = [row for row in photographs if row["sha256"] in shown]
    assert ONE_AXIS not in {row["label"] for row in rows}
    groups = [row["capture"] for row in rows]
    for name, fold in answers["cluttered"]["folds"].items():
        assert fold["test_rows"] == groups.count(name) > 0


def test_scenes_are_composed_once(evaluated):
    files = evaluated.files("04_feature/scene_features")
    evaluated.run("evaluation", reduction={"k": 20})
    assert evaluated.files("04_feature/scene_features") == files


def test_evaluation_leaves_the_kept_model_alone(whole_run, evaluated):
    for folder in ("06_models/reducer", "06_models/classifier", "07_model_output/predictions"):
        assert evaluated.files(folder) == whole_run.files(folder)
