"""Inference: new photographs, no label folders, nothing fitted again."""

import csv
import dataclasses
import shutil
from typing import Any

import pytest
from runs import SAMPLE, Job, add_bad_files, new_job, whole_run

from fruits_kedro.errors import FruitsError
from fruits_kedro.schemas import INFERENCE

KNOWN = "Training/Kiwi/r_1_100.jpg"
"""A train photograph, which is among the new ones under another name."""
CANDIDATES = ("prediction", "probability", "second", "second_probability")
CANDIDATES += ("third", "third_probability")


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Job:
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def inferred(whole, tmp_path_factory) -> Job:
    """A folder without label folders: a known photograph, one more deep down, and bad files."""
    base = tmp_path_factory.mktemp("inferred")
    job = Job(new_job(base / "new").images, whole.fork(base).storage)
    shutil.copyfile(whole.images / KNOWN, job.images / "IMG_0001.jpg")
    (job.images / "a" / "b").mkdir(parents=True)
    shutil.copyfile(SAMPLE / "Training/Corn/7_100.jpg", job.images / "a/b/=corn.jpg")
    add_bad_files(job.images)
    job.run("inference")
    return job


@pytest.fixture(scope="module")
def rows(inferred) -> dict[str, Any]:
    below = len(str(inferred.images)) + 1
    return {row.path[below:]: row for row in inferred.rows("inference_predictions")}


def test_every_photograph_has_a_row(inferred, rows):
    from pyspark.sql.types import StructType

    files = {"IMG_0001.jpg", "a/b/=corn.jpg", "misnamed.jpg"}
    assert rows.keys() == files | {"empty.jpg", "text.jpg", "truncated.jpg"}
    assert inferred.load("inference_predictions").schema == StructType.fromDDL(INFERENCE)


def test_a_known_photograph_gets_the_prediction_of_the_run(whole, rows):
    [known] = [row for row in whole.rows("predictions") if row.path == whole.path(KNOWN)]
    new = rows["IMG_0001.jpg"]
    assert new.reason is None
    for name in CANDIDATES:
        if "probability" in name:
            assert new[name] == pytest.approx(known[name], abs=1e-6)
        else:
            assert new[name] == known[name]


@pytest.mark.parametrize("name", ["a/b/=corn.jpg", "misnamed.jpg"])
def test_a_photograph_has_three_ranked_labels(rows, name):
    row = rows[name]
    assert row.reason is None
    assert 1 >= row.probability >= row.second_probability >= row.third_probability >= 0
    assert len({row.prediction, row.second, row.third}) == 3


def test_the_predicted_fruit_comes_with_its_facts(rows):
    known = rows["IMG_0001.jpg"]
    assert known.prediction == "Kiwi"
    assert (known.family, known.common_name) == ("Actinidiaceae", "Kiwifruit")
    assert "family: Plants of the World Online" in known.sources


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.jpg", "empty_file"),
        ("text.jpg", "not_an_image"),
        ("truncated.jpg", "undecodable"),
    ],
)
def test_a_bad_file_has_its_reason_and_no_prediction(rows, name, reason):
    row = rows[name]
    assert row.reason == reason
    assert [row[column] for column in CANDIDATES] == [None] * len(CANDIDATES)
    assert (row.common_name, row.sources) == (None, None)


def test_the_csv_has_the_same_rows(inferred, rows):
    file = inferred.storage / "07_model_output" / "inference_predictions.csv"
    with file.open(newline="") as lines:
        header, *written = csv.reader(lines)
    assert header == ["path", *CANDIDATES, "reason"]
    assert {line[0]: line[1] for line in written} == {
        row.path: row.prediction or "" for row in rows.values()
    }
    [known] = [line for line in written if line[0].endswith("IMG_0001.jpg")]
    assert float(known[2]) == pytest.approx(rows["IMG_0001.jpg"].probability)


def test_inference_changes_nothing_of_the_model(whole, inferred):
    for folder in ("04_feature/features", "06_models/reducer", "06_models/classifier"):
        assert inferred.parts(folder) == whole.parts(folder)
    assert inferred.report("metrics") == whole.report("metrics")


def refusal(job: Job) -> str:
    with pytest.raises(FruitsError) as error:
        job.run("inference")
    assert "\n" not in error.value.message
    return error.value.message


def test_a_reducer_of_another_backbone_is_refused(whole, tmp_path):
    job = whole.fork(tmp_path)
    reducer = job.load("reducer")
    job.catalog().save("reducer", dataclasses.replace(reducer, fingerprint="0" * 16))
    message = refusal(job)
    assert "0" * 16 in message
    assert reducer.fingerprint in message
    assert "--pipelines=reduction" in message
    assert not job.catalog().exists("inference_predictions")


def test_a_classifier_of_another_reducer_is_refused(whole, tmp_path):
    job = whole.fork(tmp_path)
    reducer = job.load("reducer")
    changed = dataclasses.replace(reducer, mean=reducer.mean + 1)
    job.catalog().save("reducer", changed)
    message = refusal(job)
    assert reducer.id in message
    assert changed.id in message
    assert "--pipelines=classification" in message
