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


def test_folder_tests_as_the_default_run_does_and_random_on_its_share(
    evaluated, photographs, answers
):
    folder, random = answers["folder"], answers["random"]
    for answer in (folder, random):
        assert answer["train_rows"] + answer["test_rows"] == len(photographs)
        assert answer["k"] == answer["train_rows"] + answer["copies"] - 1
    assert folder["test_rows"] == len(LABELS) * TEST_COUNT
    assert folder["accuracy"] == evaluated.report("metrics")["accuracy"]
    # Six labels of eight photographs, and one of nine: a fifth of each, rounded.
    assert random["test_rows"] == 12
    # Only rows of the Training folders have copies, and of these some are drawn to test.
    assert 0 < random["copies"] < folder["copies"] == folder["train_rows"]
    assert "left_out" in answers["own"]


def test_photographs_and_scenes_of_each_rotation_axis_are_held_out_once(
    evaluated, photographs, answers
):
    scenes = evaluated.rows("scene_features", "sha256", "variant", "reason")
    assert {(row["variant"], row["reason"]) for row in scenes} == {(1, None)}
    shown = {row["sha256"] for row in scenes}
    capture, cluttered = answers["capture"], answers["cluttered"]
    assert set(capture["folds"]) == set(cluttered["folds"]) == {"plain", "r"}
    for name, fold in capture["folds"].items():
        out = [row for row in photographs if row["capture"] == name and row["label"] != ONE_AXIS]
        assert fold["test_rows"] == len(out) >= len(LABELS)
        # What has no capture in its name, and a label of one axis, trains in every fold.
        assert fold["train_rows"] == len(photographs) - len(out)
        in_scenes = sum(row["sha256"] in shown for row in out)
        assert cluttered["folds"][name]["test_rows"] == in_scenes > 0
    assert [row["label"] for row in photographs if row["capture"] is None] == ["Apple"]
    assert capture["labels_with_one_group"] == [ONE_AXIS]
    assert 1 / len(LABELS) < capture["mean"] <= 1


def test_scenes_are_composed_once_and_the_kept_model_stays(whole_run, evaluated):
    scenes = "04_feature/scene_features"
    files = evaluated.files(scenes)
    for folder in ("06_models/reducer", "06_models/classifier", "07_model_output/predictions"):
        assert evaluated.files(folder) == whole_run.files(folder)
    evaluated.run("evaluation", reduction={"k": 20})
    assert evaluated.files(scenes) == files
