"""Inference: new photographs, no label folders, nothing fitted again."""

import csv
import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from runs import SAMPLE, Job, add_bad_files, flat_run, new_job, whole_run

from fruits_kedro import FruitsError
from fruits_kedro.model.phone.engine import PhoneEngine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.storage.schemas import INFERENCE, names_of

KNOWN = "Training/Kiwi/r_1_100.jpg"
"""A train photograph, which is among the new ones under another name."""
CANDIDATES = ("prediction", "probability", "second", "second_probability")
CANDIDATES += ("third", "third_probability")


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Job:
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def flat(spark, backbone, tmp_path_factory) -> Job:
    return flat_run(tmp_path_factory.getbasetemp(), backbone)


@pytest.fixture(scope="module")
def calibrated(whole, tmp_path_factory) -> Job:
    """The same photographs, with a classifier that so few are enough to calibrate."""
    job = whole.fork(tmp_path_factory.mktemp("calibrated"))
    job.run("classification", classification={"calibration": {"minimum": 20}})
    return job


@pytest.fixture(scope="module")
def inferred(calibrated, tmp_path_factory) -> Job:
    """A folder without label folders: a known photograph, one more deep down, and bad files."""
    base = tmp_path_factory.mktemp("inferred")
    job = Job(new_job(base / "new").images, calibrated.fork(base).storage)
    shutil.copyfile(calibrated.images / KNOWN, job.images / "IMG_0001.jpg")
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


def test_a_known_photograph_gets_the_prediction_of_the_run(calibrated, rows):
    predicted = calibrated.rows("predictions")
    [known] = [row for row in predicted if row.path == calibrated.path(KNOWN)]
    new = rows["IMG_0001.jpg"]
    assert new.reason is None
    for name in CANDIDATES:
        if "probability" in name:
            assert new[name] == pytest.approx(known[name], abs=1e-4)
        else:
            assert new[name] == known[name]
    assert new.outlier_score == pytest.approx(known.outlier_score, rel=1e-2)
    assert (new.sure, new.outlier) == (known.sure, known.outlier)


def test_the_file_for_a_phone_gives_the_predictions_of_every_photograph(calibrated):
    model = calibrated.load("phone_model")
    engine = PhoneEngine(model.content)
    for row in calibrated.rows("predictions"):
        pixels = decode(Path(row.path).read_bytes(), model.card.image_size)
        *shares, score = engine.answer(pixels).tolist()
        found = dict(zip(model.card.labels, shares, strict=True))
        assert max(found, key=found.get) == row.prediction
        for rank in ("prediction", "second", "third"):
            told = row["probability" if rank == "prediction" else f"{rank}_probability"]
            assert found[row[rank]] == pytest.approx(told, abs=1e-4)
        assert score == pytest.approx(row.outlier_score, rel=1e-2, abs=1e-2)


def test_the_example_of_the_readme_runs(calibrated, project, tmp_path, monkeypatch, capsys):
    [example] = re.findall(r"```python\n(.*?)```", (project / "README.md").read_text(), re.S)
    (tmp_path / "data").symlink_to(calibrated.storage)
    shutil.copyfile(SAMPLE / KNOWN, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    label, probability = capsys.readouterr().out.split()
    predicted = calibrated.rows("predictions")
    [known] = [row for row in predicted if row.path == calibrated.path(KNOWN)]
    assert label == known.prediction == "Kiwi"
    assert float(probability) == pytest.approx(known.probability, abs=1e-4)


def test_held_out_photographs_say_how_far_to_believe(whole, calibrated):
    assert "train photographs can be held out" in whole.report("calibration")["left_out"]
    assert whole.report("metrics")["calibration"]["temperature"] == 1
    report, metrics = calibrated.report("calibration"), calibrated.report("metrics")
    assert report["held_out"]["by"] == "capture groups"
    assert metrics["calibration"]["temperature"] == report["temperature"] != 1
    assert "reliability" not in metrics["calibration"]["held_out"]
    test = [row for row in calibrated.rows("predictions") if row.split == "test"]
    tested = metrics["calibration"]["test"]
    assert tested["sure"] == pytest.approx(sum(bool(row.sure) for row in test) / len(test))
    assert tested["outliers"] == pytest.approx(sum(row.outlier for row in test) / len(test))
    assert 0 <= tested["expected_calibration_error"] <= 1
    assert len(calibrated.load("reliability_diagram").data) == 3
    assert len(whole.load("reliability_diagram").data) == 1


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
    assert header == names_of(INFERENCE)
    assert {line[0]: line[1] for line in written} == {
        row.path: row.prediction or "" for row in rows.values()
    }
    [known] = [line for line in written if line[0].endswith("IMG_0001.jpg")]
    assert float(known[2]) == pytest.approx(rows["IMG_0001.jpg"].probability)


def test_inference_changes_nothing_of_the_model(calibrated, inferred):
    for folder in ("04_feature/features", "06_models/reducer", "06_models/classifier"):
        assert inferred.parts(folder) == calibrated.parts(folder)
    assert inferred.report("metrics") == calibrated.report("metrics")


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


def test_a_file_of_another_classifier_is_refused(whole, tmp_path):
    job = whole.fork(tmp_path)
    classifier = job.load("classifier")
    changed = dataclasses.replace(classifier, intercepts=classifier.intercepts + 1)
    job.catalog().save("classifier", changed)
    message = refusal(job)
    assert changed.id in message
    assert "fruits.tflite was made of classifier" in message


def test_a_forest_infers_without_a_file(flat, tmp_path):
    job = Job(new_job(tmp_path / "new").images, flat.fork(tmp_path).storage)
    shutil.copyfile(SAMPLE / KNOWN, job.images / "IMG_0001.jpg")
    assert not (job.storage / "06_models" / "fruits.tflite").exists()
    assert "A random forest has no file" in job.load("phone_model").reason
    assert "a random forest is not calibrated" in job.report("calibration")["left_out"]
    job.run("inference")
    [row] = job.rows("inference_predictions")
    assert row.prediction in job.load("classifier").labels
    assert (row.sure, row.outlier_score, row.outlier) == (None, None, None)
