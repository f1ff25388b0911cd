"""Photographs that nothing can be learnt from: a sentence or a sensible result, and no NaN."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from runs import SAMPLE, TEST_COUNT, Job, new_job, sample_names

from fruits_kedro import FruitsError

FEW_POINTS = {"reduction": {"map": {"points": 20}}}
TABLES = ("features", "reduced_features", "predictions")


@pytest.fixture
def job(spark, backbone, tmp_path) -> Job:
    return new_job(tmp_path, backbone)


def copy(job: Job, folder: str, label: str, count: int, split: str = "Training") -> None:
    """The first photographs of a label of the sample, to a folder of the job."""
    target = job.images / folder / label
    target.mkdir(parents=True)
    for name in sample_names(split, label)[:count]:
        shutil.copyfile(SAMPLE / split / label / name, target / name)


def copy_alike(folder: Path, photo: Path, count: int) -> None:
    """Files of other bytes with the same pixels: what follows the end of a JPEG is not shown."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{photo.parent.name} {photo.stem} {number}.jpg"
        path.write_bytes(photo.read_bytes() + f"{folder} {number}".encode())


def sentence(job: Job, *pipelines: str, **parameters: Any) -> str:
    with pytest.raises(FruitsError) as error:
        job.run(*pipelines, **FEW_POINTS | parameters)
    message = error.value.message
    assert "\n" not in message
    assert message.endswith(".")
    return message


def assert_numbers(job: Job) -> None:
    """Every number of every artefact of a run is one."""
    for path in (job.storage / "08_reporting").glob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)
    for name in TABLES:
        for row in job.rows(name):
            for value in row.asDict().values():
                if isinstance(value, float | list):
                    assert np.isfinite(value).all(), (name, row.path)
    for name in ("tsne_map", "scree_plot", "confusion_matrix"):
        for trace in go.Figure(job.load(name)).data:
            for values in (trace.x, trace.y, getattr(trace, "z", None)):
                if values is not None and np.asarray(values).dtype.kind in "fO":
                    assert not any(value is None or value != value for value in np.ravel(values))
    with (job.storage / "05_model_input" / "reduced_features.csv").open(newline="") as file:
        _, *lines = csv.reader(file)
    assert np.isfinite([[float(cell) for cell in line[3:]] for line in lines]).all()
    reducer, classifier = job.load("reducer"), job.load("classifier")
    arrays = (reducer.mean, reducer.scale, reducer.components)
    for array in (*arrays, classifier.coefficients, classifier.intercepts):
        assert np.isfinite(array).all()


# --- labels --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def only_tested(spark, backbone, tmp_path_factory) -> Job:
    """Two labels that train and test, and one that only tests."""
    job = new_job(tmp_path_factory.mktemp("only_tested"), backbone)
    for label in ("Apple", "Corn"):
        copy(job, "Training", label, 4)
        copy(job, "Test", label, TEST_COUNT, "Test")
    copy(job, "Test", "Kiwi", TEST_COUNT, "Test")
    job.run(**FEW_POINTS)
    return job


def test_a_label_that_only_tests_is_warned_of_and_counts_as_wrong(only_tested):
    warning = "Labels without a train photograph can never be predicted: Kiwi"
    assert warning in only_tested.warnings
    metrics = only_tested.report("metrics")
    assert metrics["per_label"]["Kiwi"] == {
        "support": TEST_COUNT,
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
    }
    assert metrics["accuracy"] <= 2 / 3
    assert only_tested.load("classifier").labels == ("Apple", "Corn")
    assert_numbers(only_tested)


def test_a_label_that_only_tests_is_evaluated(only_tested):
    only_tested.run("evaluation")
    answers = only_tested.report("evaluation")
    assert answers["folder"]["accuracy"] == only_tested.report("metrics")["accuracy"]
    assert 0 <= answers["random"]["accuracy"] <= 1


def test_labels_that_all_only_test_are_drawn_from(job):
    """Test folders alone are no split."""
    for label in ("Apple", "Corn"):
        copy(job, "Test", label, 8, "Test")
    job.run("ingestion", "featurization", "reduction", **FEW_POINTS)
    assert job.report("split")["method"] == "random"
    assert {row.split for row in job.rows("splits")} == {"train", "test"}


def test_one_photograph_of_each_label_leaves_none_to_test(job):
    for label in ("Apple", "Corn", "Kiwi"):
        copy(job, "", label, 1)
    assert sentence(job).startswith("No photograph is left to test the classifier: ")
    job.run("reporting")
    page = (job.storage / "08_reporting" / "report.html").read_text()
    assert "There is no classifier for these photographs" in page


def test_one_photograph_of_each_label_in_both_folders_is_enough(job):
    for label in ("Apple", "Corn", "Kiwi"):
        copy(job, "Training", label, 1)
        copy(job, "Test", label, 1, "Test")
    job.run(**FEW_POINTS)
    metrics = job.report("metrics")
    assert metrics["rows"] == {"test": 3, "train": 3}
    assert metrics["k"] == 5  # each train photograph has a copy
    assert_numbers(job)


# --- features ------------------------------------------------------------------------------------

PHOTOS = [SAMPLE / "Training" / label / "0_100.jpg" for label in ("Apple", "Corn")]


@pytest.mark.parametrize("k", [300, 0.9])
def test_one_picture_everywhere_is_told(job, k):
    for label in ("Apple", "Corn"):
        copy_alike(job.images / label, PHOTOS[0], 5)
    message = sentence(job, reduction={"k": k})
    assert message.startswith("The 8 train photographs all have the same features, so nothing")
    job.run("evaluation")
    assert "alike" in job.report("evaluation")["random"]["left_out"]


def test_one_picture_of_each_label_has_one_component_that_tells_all(job):
    for label, photo in zip(("Apple", "Corn"), PHOTOS, strict=True):
        copy_alike(job.images / label, photo, 5)
    job.run(**FEW_POINTS, augmentation={"copies": 0})
    shares = job.report("explained_variance")["explained_variance_ratio"]
    assert shares[0] == pytest.approx(1)
    assert job.report("metrics")["accuracy"] == 1
    assert_numbers(job)


def test_the_same_pictures_under_every_label_are_guessed(job):
    for label in ("Apple", "Corn"):
        for photo in PHOTOS:
            copy_alike(job.images / label, photo, 5)
    job.run(**FEW_POINTS)
    assert job.report("metrics")["accuracy"] == pytest.approx(0.5, abs=0.5)
    assert_numbers(job)
