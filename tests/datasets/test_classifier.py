"""A trained classifier comes back and says the same, or is refused."""

import dataclasses
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from corpus import AWKWARD_FOLDERS
from feature_tables import CALIBRATION
from fruits_kedro.model.classifier.calibration import Calibration, Outliers
from fruits_kedro.model.classifier.forest import ForestClassifier
from fruits_kedro.model.classifier.regression import SoftmaxClassifier
from kedro.io import DatasetError
from pyspark.cloudpickle import register_pickle_by_value, unregister_pickle_by_value

from fruits_kedro.datasets import ClassifierDataset
from fruits_kedro.model import classifiers
from fruits_kedro.model.classifier import Classifier, predict, train_classifier
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.parameters.kinds import kind_in

PARAMETERS = {
    "logistic_regression": {
        "reg_param": 0.01,
        "standardization": False,
        "max_iter": 50,
        "driver_megabytes": 1024,
    },
    "random_forest": {"trees": 5, "max_depth": 3, "seed": 42},
    "calibration": CALIBRATION,
}
KINDS = {"logistic_regression": SoftmaxClassifier, "random_forest": ForestClassifier}
LABELS = ("Apple, green", "fig", "nan", "Ünï")
REDUCER = Reducer(np.zeros(9), np.ones(9), np.eye(4, 9), np.full(4, 0.25), 60, "fingerprint", True)


@pytest.fixture(scope="module")
def reduced(spark):
    """Four well separated labels."""
    random = np.random.default_rng(0)
    rows = [
        (f"/{label}/{i}", label, hashlib.sha256(f"{label} {i}".encode()).hexdigest(), components)
        for n, label in enumerate(LABELS)
        for i, components in enumerate((random.normal(size=(15, 4)) + 8 * np.eye(4)[n]).tolist())
    ]
    schema = "path string, label string, sha256 string, components array<float>"
    return spark.createDataFrame(rows, schema).cache()


def train(reduced, kind: str, **more: object) -> Classifier:
    parameters = ClassificationParameters(classifier=kind, **PARAMETERS, **more)
    counts = {row.label: row["count"] for row in reduced.groupBy("label").count().collect()}
    return train_classifier(reduced, counts, REDUCER, parameters)


@pytest.fixture(scope="module", params=list(KINDS))
def trained(request, reduced) -> Classifier:
    classifier = train(reduced, request.param)
    assert type(classifier) is KINDS[request.param]
    return classifier


@pytest.fixture(scope="module")
def forest(reduced) -> Classifier:
    return train(reduced, "random_forest")


@pytest.fixture
def dataset(tmp_path) -> ClassifierDataset:
    return ClassifierDataset(filepath=str(tmp_path / "classifier"))


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "classifier"


def predicted(reduced, classifier: Classifier) -> list[tuple]:
    return sorted(tuple(row) for row in predict(reduced, classifier).collect())


def test_a_classifier_comes_back_and_says_the_same(reduced, trained, dataset):
    assert not dataset.exists()
    dataset.save(trained)
    loaded = dataset.load()
    assert dataset.exists()
    assert type(loaded) is type(trained)
    assert loaded.labels == trained.labels == tuple(sorted(LABELS))
    assert loaded.reducer_id == REDUCER.id
    rows = predicted(reduced, loaded)
    assert rows == predicted(reduced, trained)
    assert np.mean([row[1] == row[3] for row in rows]) > 0.95


@pytest.mark.parametrize("name", AWKWARD_FOLDERS)
def test_a_classifier_lies_in_the_folder_it_was_sent_to(trained, tmp_path, name):
    dataset = ClassifierDataset(filepath=str(tmp_path / name))
    dataset.save(trained)
    assert os.listdir(tmp_path) == [name]
    assert dataset.load().labels == trained.labels


def test_the_newest_is_loaded_and_an_altered_file_is_refused_by_name(trained, dataset, folder):
    dataset.save(trained)
    dataset.save(type(trained)(**{**vars(trained), "reducer_id": "newer"}))
    assert dataset.load().reducer_id == "newer"
    newest = max(folder.glob("part-*"))
    file = next(p for p in newest.rglob("*") if p.is_file() and p.suffix != ".crc")
    file.write_bytes(b"altered")
    with pytest.raises(DatasetError, match="is not what this project wrote") as error:
        dataset.load()
    assert str(file) in str(error.value)


def test_nothing_saved_yet_is_told(dataset):
    with pytest.raises(DatasetError, match=r"nothing at .*classifier yet"):
        dataset.load()


def test_a_classifier_of_an_older_version_is_told(trained, dataset, folder):
    """Its parts have no kind."""
    dataset.save(trained)
    pointer = folder / "_current.json"
    content = json.loads(pointer.read_text())
    del content["parts"][0]["notes"]["kind"]
    pointer.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="another version of this project wrote it: run kedro"):
        dataset.load()


def test_what_is_no_classifier_of_this_project_is_not_saved(dataset):
    with pytest.raises(DatasetError, match="Classifier is no kind of classifier"):
        dataset.save(Classifier(LABELS, "r"))


def test_probabilities_fall_and_equal_ones_are_ranked_by_a_fixed_order(reduced, trained):
    rows = predict(reduced, trained).collect()
    for row in rows:
        assert row.probability >= row.second_probability >= row.third_probability >= 0
        assert len({row.prediction, row.second, row.third}) == 3
    assert rows == predict(reduced, trained).collect()


def test_both_kinds_give_the_same_columns(reduced, forest):
    softmax = train(reduced, "logistic_regression")
    here, there = (predict(reduced, kind).schema for kind in (softmax, forest))
    assert [(f.name, f.dataType) for f in here] == [(f.name, f.dataType) for f in there]


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_of_two_labels_goes_to_the_workers_as_it_was_trained(reduced, kind):
    """Evaluation predicts without storing it, in stages that Spark sends to its workers."""
    two = reduced.filter("label in ('fig', 'nan')").repartition(3)
    classifier = train(two, kind)
    counts = predict(two, classifier).groupBy("label", "prediction").count().collect()
    assert sum(row["count"] for row in counts) == 30
    row = predict(two, classifier).first()
    assert {row.prediction, row.second} == {"fig", "nan"}
    assert (row.third, row.third_probability) == (None, None)


# --- a logistic regression's files ---------------------------------------------------------------


def test_a_logistic_regression_is_plain_arrays_and_labels(reduced, dataset, folder):
    classifier = train(reduced, "logistic_regression")
    dataset.save(classifier)
    [part] = folder.glob("part-*")
    assert sorted(path.name for path in part.iterdir()) == [
        "calibration.json",
        "labels.json",
        "softmax.npz",
    ]
    assert json.loads((part / "labels.json").read_text()) == list(classifier.labels)
    content = io.BytesIO((part / "softmax.npz").read_bytes())
    with np.load(content, allow_pickle=False) as arrays:
        assert sorted(arrays) == ["coefficients", "intercepts"]
        for name in arrays:
            assert arrays[name].dtype == np.float64
            assert arrays[name].tobytes() == getattr(classifier, name).tobytes()


@pytest.mark.parametrize("sure_from", [None, 0.75])
def test_a_calibration_comes_back_to_the_bit(reduced, dataset, folder, sure_from):
    plain = train(reduced, "logistic_regression")
    outliers = Outliers(np.eye(4) / 3, np.ones((4, 4)) / 7, 2.5)
    classifier = dataclasses.replace(plain, calibration=Calibration(0.3, sure_from, outliers))
    dataset.save(classifier)
    assert (next(folder.glob("part-*")) / "outliers.npz").exists()
    loaded = dataset.load()
    assert loaded.id == classifier.id != plain.id
    assert loaded.calibration.sure_from == sure_from
    row = predict(reduced, loaded).first()
    assert row.outlier_score >= 0
    assert row.outlier is (row.outlier_score > 2.5)
    assert row.sure is (None if sure_from is None else row.probability >= sure_from)


# --- a forest's files ----------------------------------------------------------------------------


def test_a_forest_of_two_labels_holds_no_session(reduced):
    two = reduced.filter("label in ('fig', 'nan')")
    assert not train(two, "random_forest").model.stages[-1].hasSummary


@pytest.mark.parametrize(
    "name",
    ["antigravity.Model", "org.apache.spark.ml.classification.LogisticRegressionModel"],
)
def test_a_model_of_another_class_is_refused(forest, dataset, folder, name):
    """Spark would make an object of whatever class the files name."""
    dataset.save(forest)
    [part] = folder.glob("part-*")
    [file] = [f for f in part.glob("stages/1_*/metadata/part-*") if f.suffix != ".crc"]
    before = file.read_bytes()
    content = json.loads(before) | {"class": name}
    file.write_text(json.dumps(content))
    pointer = folder / "_current.json"
    hashes = [hashlib.sha256(c).hexdigest() for c in (before, file.read_bytes())]
    pointer.write_text(pointer.read_text().replace(*hashes))
    with pytest.raises(DatasetError, match=f"names the class {name}"):
        dataset.load()


def documented(name: str) -> str:
    """The file of that name which docs/extending.md shows."""
    text = (Path(__file__).parents[2] / "docs" / "extending.md").read_text()
    [found] = re.findall(rf"```python\n# src/\S+/{name}\n(.*?)```", text, re.S)
    return found


def test_a_kind_is_added_by_the_file_that_the_documents_show(
    reduced, dataset, tmp_path, monkeypatch
):
    (tmp_path / "nearest_mean.py").write_text(documented("nearest_mean.py"))
    monkeypatch.setattr(classifiers, "__path__", [*classifiers.__path__, str(tmp_path)])
    added = kind_in(classifiers, "nearest_mean")
    # Else workers would look for the file in the package that is installed.
    register_pickle_by_value(added)
    try:
        classifier = train(reduced, "nearest_mean", options={"sharpness": 2})
        dataset.save(classifier)
        loaded = dataset.load()
        assert type(loaded) is added.CLASS
        rows = predict(reduced, loaded).select("label", "prediction").collect()
        assert {row.label for row in rows} == set(LABELS)
        assert all(row.label == row.prediction for row in rows)
    finally:
        unregister_pickle_by_value(added)
        del sys.modules[added.__name__]
