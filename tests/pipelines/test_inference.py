"""Inference: new photographs, no label folders, nothing fitted again."""

import csv
import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from runs import SAMPLE, Job, add_bad_files, new_job
from sentences import sentence_of

from fruits_kedro.model.engine import Engine
from fruits_kedro.model.phone import NoPhoneModel, fold
from fruits_kedro.photos.decoding import decode
from fruits_kedro.pipelines.classification.nodes import train_on_train
from fruits_kedro.pipelines.inference.nodes import predict_new_photographs
from fruits_kedro.storage.schemas import CANDIDATES, DOUBTS, INFERENCE

KNOWN = "Training/Kiwi/r_1_100.jpg"
"""A train photograph, which is among the new ones under another name."""


@pytest.fixture(scope="module")
def calibrated(whole_run, tmp_path_factory) -> Job:
    """The same photographs, with a classifier that so few are enough to calibrate."""
    job = whole_run.fork(tmp_path_factory.mktemp("calibrated"))
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
    return {row["path"][below:]: row for row in inferred.rows("inference_predictions")}


@pytest.fixture(scope="module")
def known(calibrated) -> dict[str, Any]:
    """What the run itself predicts for the known photograph."""
    [row] = [r for r in calibrated.rows("predictions") if r["path"] == calibrated.path(KNOWN)]
    return row


BAD = {"empty.jpg": "empty_file", "text.jpg": "not_an_image"}
BAD |= {"truncated.jpg": "undecodable", "notes.txt": "ignored"}


def test_every_file_has_three_ranked_labels_or_a_reason(inferred, rows):
    files = {str(path.relative_to(inferred.images)) for path in inferred.images.rglob("*.*")}
    assert rows.keys() == files
    assert inferred.load("inference_predictions").schema == INFERENCE
    for name, row in rows.items():
        if name in BAD:
            known = {column: value for column, value in row.items() if value is not None}
            assert known == {"path": row["path"], "reason": BAD[name]}
        else:
            ranked = [row[f"{rank}probability"] for rank in ("", "second_", "third_")]
            assert [*ranked, 0] == sorted([*ranked, 0], reverse=True)
            assert len({row["prediction"], row["second"], row["third"]}) == 3


def test_a_known_photograph_gets_the_prediction_of_the_run_with_facts(known, rows):
    new = rows["IMG_0001.jpg"]
    assert new["reason"] is None
    for name in CANDIDATES:
        expected = pytest.approx(known[name], abs=1e-4) if "prob" in name else known[name]
        assert new[name] == expected, name
    assert new["outlier_score"] == pytest.approx(known["outlier_score"], rel=1e-2)
    for name in ("sure", "outlier", "studio"):
        assert new[name] == known[name]
    assert (new["family"], new["common_name"]) == ("Actinidiaceae", "Kiwifruit")
    assert "family: Plants of the World Online" in new["sources"]


def test_the_file_for_a_phone_gives_the_predictions_of_every_photograph(calibrated):
    model = calibrated.load("phone_model")
    engine = Engine(model.content)
    for row in calibrated.rows("predictions"):
        pixels = decode(Path(row["path"]).read_bytes(), model.card.image_size)
        *shares, score = engine(pixels).tolist()
        found = dict(zip(model.card.labels, shares, strict=True))
        assert max(found, key=found.__getitem__) == row["prediction"]
        for rank in ("prediction", "second", "third"):
            share = row["probability" if rank == "prediction" else f"{rank}_probability"]
            assert found[row[rank]] == pytest.approx(share, abs=1e-4)
        assert score == pytest.approx(row["outlier_score"], rel=1e-2, abs=1e-2)


def test_the_examples_of_the_documents_run(
    calibrated, known, project, tmp_path, monkeypatch, capsys
):
    pages = [project / "README.md", *sorted((project / "docs").glob("*.md"))]
    found = "\n".join(page.read_text() for page in pages)
    examples = re.findall(r"```python\n(.*?)```", found, re.S)
    examples = [example for example in examples if "fruits.tflite" in example]
    assert examples
    (tmp_path / "data").symlink_to(calibrated.storage)
    shutil.copyfile(SAMPLE / KNOWN, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    for example in examples:
        exec(compile(example, "example", "exec"), {})
        assert "Kiwi" in capsys.readouterr().out
    assert known["prediction"] == "Kiwi"


def test_held_out_photographs_say_how_far_to_believe(whole_run, calibrated):
    assert "left_out" in whole_run.report("calibration")
    assert whole_run.report("metrics")["calibration"]["temperature"] == 1
    report, metrics = calibrated.report("calibration"), calibrated.report("metrics")
    assert report["held_out"]["by"] == "capture groups"
    assert metrics["calibration"]["temperature"] == report["temperature"] != 1
    assert "reliability" not in metrics["calibration"]["held_out"]
    test = [row for row in calibrated.rows("predictions") if row["split"] == "test"]
    tested = metrics["calibration"]["test"]
    assert tested["sure"] == pytest.approx(sum(bool(row["sure"]) for row in test) / len(test))
    assert tested["outliers"] == pytest.approx(sum(row["outlier"] for row in test) / len(test))
    assert 0 <= tested["expected_calibration_error"] <= 1
    assert len(calibrated.load("reliability_diagram").data) == 3
    assert len(whole_run.load("reliability_diagram").data) == 1


def test_the_csv_has_the_same_rows(inferred, rows):
    file = inferred.storage / "07_model_output" / "inference_predictions.csv"
    with file.open(newline="") as lines:
        written = list(csv.DictReader(lines))
    assert list(written[0]) == INFERENCE.names
    assert {line["path"]: line["prediction"] for line in written} == {
        row["path"]: row["prediction"] or "" for row in rows.values()
    }


def test_inference_changes_nothing_of_the_model(calibrated, inferred):
    for folder in ("04_feature/features", "06_models/reducer", "06_models/classifier"):
        assert inferred.files(folder) == calibrated.files(folder)
    assert inferred.report("metrics") == calibrated.report("metrics")


# --- the node on the run's artefacts -------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(whole_run) -> dict[str, Any]:
    """What the node takes beside the photographs."""
    catalog = whole_run.catalog()
    names = ("backbone", "reducer", "classifier", "phone_model", "fruit_facts")
    return {name: catalog.load(name) for name in names}


@pytest.fixture(scope="module")
def predict(parts, whole_run, parameters):
    photograph = Path(whole_run.path(KNOWN))
    columns = {"path": [str(photograph)], "size": [photograph.stat().st_size]}
    table = pa.table({**columns, "reason": pa.nulls(1, pa.string())})

    def call(**changed: Any) -> Any:
        return predict_new_photographs(table, *{**parts, **changed}.values(), parameters.ingestion)

    return call


def test_parts_that_were_not_made_for_one_another_are_refused(predict, parts):
    reducer, classifier = parts["reducer"], parts["classifier"]
    other_network = dataclasses.replace(reducer, fingerprint="0" * 16)
    other_mean = dataclasses.replace(reducer, mean=reducer.mean + 1)
    other_classifier = dataclasses.replace(classifier, intercepts=classifier.intercepts + 1)
    for changed, names in (
        ({"reducer": other_network}, ["0" * 16, parts["backbone"].fingerprint]),
        ({"reducer": other_mean}, [reducer.id, other_mean.id]),
        ({"classifier": other_classifier}, [other_classifier.id]),
    ):
        sentence = sentence_of(lambda changed=changed: predict(**changed))
        assert all(name in sentence for name in names)


def test_a_forest_infers_without_a_file(predict, parts, whole_run, parameters):
    chosen = parameters.classification.model_copy(update={"classifier": "random_forest"})
    reduced = whole_run.load("reduced_features")
    forest = train_on_train(reduced, parts["reducer"], chosen, parameters.own)
    none = fold(parts["backbone"], parts["reducer"], forest)
    assert isinstance(none, NoPhoneModel)
    rows = predict(classifier=forest, phone_model=none)
    [batch] = rows.work(rows.tasks[0])
    [row] = batch.to_pylist()
    assert row["prediction"] in forest.labels
    assert np.isfinite(row["probability"])
    assert [row[name] for name in DOUBTS] == [None] * 3
