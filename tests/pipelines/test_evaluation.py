"""Evaluation: accuracy with whole captures held out, beside the splits that leak."""

from pathlib import Path
from typing import Any

import pytest
from runs import LABELS, ONE_AXIS, TEST_COUNT, Job, flat_run, whole_run

from fruits_kedro.parameters import Parameters
from fruits_kedro.parameters.checks import check_parameters
from fruits_kedro.photos.labels import parse_capture
from fruits_kedro.pipelines.evaluation.nodes import (
    evaluate_capture,
    evaluate_folder,
    gather_features,
)
from fruits_kedro.storage.schemas import FEATURES, VARIANTS

PATTERN = r"(?:(r\d*)_)?\d+_"


@pytest.fixture(scope="module")
def evaluated(spark, tmp_path_factory) -> Job:
    whole = whole_run(tmp_path_factory.getbasetemp())
    job = whole.fork(tmp_path_factory.mktemp("evaluated"))
    job.run("evaluation", evaluation={"capture_pattern": PATTERN})
    return job


@pytest.fixture(scope="module")
def answers(evaluated) -> dict[str, Any]:
    return evaluated.report("evaluation")


@pytest.fixture(scope="module")
def parameters(evaluated) -> Parameters:
    return check_parameters(evaluated.load("parameters"))


def captures(job: Job) -> list[tuple[str, str | None]]:
    """Label and capture group of every photograph that has features."""
    rows = job.rows("splits", "path", "label")
    return [(row.label, parse_capture(row.path, PATTERN)) for row in rows]


def test_the_four_answers_stand_side_by_side(answers):
    assert set(answers) == {"folder", "random", "capture", "cluttered"}


@pytest.mark.parametrize("name", ["folder", "random"])
def test_an_answer_has_scores_of_rows_that_did_not_train(evaluated, answers, name):
    answer = answers[name]
    assert 0.5 < answer["accuracy"] <= 1
    assert 0 < answer["macro_f1"] <= 1
    assert answer["train_rows"] + answer["test_rows"] == len(evaluated.rows("splits", "path"))
    assert answer["k"] == answer["train_rows"] + answer["copies"] - 1


def test_folder_tests_on_the_test_folders(answers):
    assert answers["folder"]["test_rows"] == len(LABELS) * TEST_COUNT


def test_folder_agrees_with_the_default_run(evaluated, answers):
    assert answers["folder"]["accuracy"] == evaluated.report("metrics")["accuracy"]


def test_copies_of_rows_that_test_do_not_train(evaluated, answers):
    """Only rows of the Training folders have copies, and of these some are drawn to test."""
    variants = len(evaluated.rows("variants", "path"))
    assert answers["folder"]["copies"] == variants == answers["folder"]["train_rows"]
    assert 0 < answers["random"]["copies"] < variants
    copied = {row.path for row in evaluated.rows("variants", "path")}
    for name, fold in answers["capture"]["folds"].items():
        rows = [row for row in evaluated.rows("splits", "path", "label") if row.path in copied]
        tested = [
            row
            for row in rows
            if parse_capture(row.path, PATTERN) == name and row.label != ONE_AXIS
        ]
        assert fold["copies"] == variants - len(tested)


def test_random_tests_on_its_share(answers):
    # Six labels of eight photographs, and one of nine: a fifth of each, rounded.
    assert answers["random"]["test_rows"] == 12


def test_capture_leaves_each_rotation_axis_out_once(evaluated, answers):
    folds, found = answers["capture"]["folds"], captures(evaluated)
    assert set(folds) == {"plain", "r"}
    for name, fold in folds.items():
        tested = [(label, group) for label, group in found if group == name and label != ONE_AXIS]
        assert fold["test_rows"] == len(tested) >= len(LABELS)
        # What has no capture in its name, and a label of one axis, trains in every fold.
        assert fold["train_rows"] == len(found) - len(tested)
    assert [label for label, group in found if group is None] == ["Apple"]


def test_a_label_with_one_group_is_named(answers):
    assert answers["capture"]["labels_with_one_group"] == [ONE_AXIS]


def test_capture_reports_the_mean_of_its_folds(answers):
    accuracies = [fold["accuracy"] for fold in answers["capture"]["folds"].values()]
    assert answers["capture"]["mean"] == pytest.approx(sum(accuracies) / len(accuracies))
    assert 1 / len(LABELS) < answers["capture"]["mean"] <= 1


@pytest.mark.parametrize("name", ["capture", "cluttered"])
def test_without_copies_stands_beside(answers, name):
    without = answers[name]["without_copies"]
    assert set(without["folds"]) == set(answers[name]["folds"])
    assert all(fold["copies"] == 0 for fold in without["folds"].values())
    assert 0 <= without["mean"] <= 1


def test_cluttered_scenes_show_the_photographs_of_the_groups_left_out(evaluated, answers):
    scenes = evaluated.rows("scene_features", "path", "label", "variant", "reason")
    assert {row.variant for row in scenes} == {1}
    assert {row.reason for row in scenes} == {None}
    assert ONE_AXIS not in {row.label for row in scenes}
    groups = [parse_capture(row.path, PATTERN) for row in scenes]
    for name, fold in answers["cluttered"]["folds"].items():
        assert fold["test_rows"] == groups.count(name) > 0


def test_scenes_are_composed_once(evaluated):
    parts = evaluated.parts("04_feature/scene_features")
    evaluated.run("evaluation", evaluation={"capture_pattern": PATTERN}, reduction={"k": 20})
    assert evaluated.parts("04_feature/scene_features") == parts


def test_evaluation_leaves_the_kept_model_alone(evaluated, tmp_path_factory):
    whole = whole_run(tmp_path_factory.getbasetemp())
    for folder in ("06_models/reducer", "06_models/classifier", "07_model_output/predictions"):
        assert evaluated.parts(folder) == whole.parts(folder)


# --- what does not apply -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flat_features(spark, backbone, tmp_path_factory) -> Any:
    """Photographs of one rotation axis, without Training and Test folders."""
    job = flat_run(tmp_path_factory.getbasetemp(), backbone)
    return gather_features(job.load("photographs"), job.load("features"), backbone)


def captures_of(rows: Any, parameters: Parameters) -> tuple[dict[str, Any], dict[str, Any]]:
    """Evaluated without copies, on no scenes."""
    spark = rows.sparkSession
    scenes, features = (spark.createDataFrame([], kind) for kind in (VARIANTS, FEATURES))
    return evaluate_capture(
        rows,
        None,
        scenes,
        features,
        parameters.reduction,
        parameters.classification,
        parameters.evaluation,
    )


def test_folder_is_left_out_without_split_folders(flat_features, parameters):
    answer = evaluate_folder(flat_features, None, parameters.reduction, parameters.classification)
    assert answer == {"left_out": "there are no Training and Test folders"}


def test_capture_is_left_out_where_every_label_has_one_group(flat_features, parameters):
    for answer in captures_of(flat_features, parameters):
        assert list(answer) == ["left_out"]
        assert "capture groups" in answer["left_out"]


def renamed(features: Any, folder: Path, names: dict[str, list[str]]) -> Any:
    """Rows of ``features`` under other names: file names by label."""
    from pyspark.sql import functions as F

    rows = features.orderBy("path").select("path", "label").collect()
    paths: dict[str, str] = {}
    for label, files in names.items():
        own = [row.path for row in rows if row.label == label]
        paths |= {old: f"{folder}/{label}/{new}" for old, new in zip(own, files, strict=False)}
    table = features.sparkSession.createDataFrame(list(paths.items()), "path string, new string")
    joined = features.join(table, "path").withColumn("path", F.col("new"))
    return joined.select(features.columns)


def test_a_single_label_is_left_out_everywhere(flat_features, parameters, tmp_path):
    """All photographs of the other labels may have been undecodable."""
    names = {"Apple": [f"{axis}{n}_100.jpg" for axis in ("", "r_") for n in range(4)]}
    rows = renamed(flat_features, tmp_path, names)
    assert "left_out" in str(captures_of(rows, parameters))
