"""A trained classifier comes back and says the same, or is refused."""

import hashlib
import json
import os

import numpy as np
import pytest
from corpus import AWKWARD_FOLDERS
from kedro.io import DatasetError

from fruits_kedro.classifier import Classifier, predict, train_classifier
from fruits_kedro.datasets import ClassifierDataset
from fruits_kedro.parameters import ClassificationParameters

PARAMETERS = {
    "logistic_regression": {"reg_param": 0.01, "standardization": False, "max_iter": 50},
    "random_forest": {"trees": 5, "max_depth": 3, "seed": 42},
}
LABELS = ("Apple, green", "fig", "nan", "Ünï")


@pytest.fixture(scope="module")
def reduced(spark):
    """Four well separated labels."""
    random = np.random.default_rng(0)
    rows = [
        (f"/{label}/{i}", label, (random.normal(size=4) + 8 * np.eye(4)[n]).tolist())
        for n, label in enumerate(LABELS)
        for i in range(15)
    ]
    return spark.createDataFrame(rows, "path string, label string, components array<float>").cache()


@pytest.fixture(scope="module", params=["logistic_regression", "random_forest"])
def trained(request, reduced) -> Classifier:
    parameters = ClassificationParameters(classifier=request.param, **PARAMETERS)
    return train_classifier(reduced, parameters, reducer_id="0123456789abcdef")


def predicted(reduced, classifier: Classifier) -> list[tuple]:
    return sorted(tuple(row) for row in predict(reduced, classifier).collect())


def test_a_classifier_comes_back_and_says_the_same(reduced, trained, tmp_path):
    dataset = ClassifierDataset(filepath=str(tmp_path / "classifier"))
    assert not dataset.exists()
    dataset.save(trained)
    loaded = dataset.load()
    assert dataset.exists()
    assert loaded.labels == trained.labels == tuple(sorted(LABELS))
    assert loaded.reducer_id == "0123456789abcdef"
    rows = predicted(reduced, loaded)
    assert rows == predicted(reduced, trained)
    assert np.mean([row[1] == row[2] for row in rows]) > 0.95


@pytest.mark.parametrize("name", AWKWARD_FOLDERS)
def test_a_classifier_lies_in_the_folder_it_was_sent_to(reduced, trained, tmp_path, name):
    dataset = ClassifierDataset(filepath=str(tmp_path / name))
    dataset.save(trained)
    assert os.listdir(tmp_path) == [name]
    assert dataset.load().labels == trained.labels


def test_the_newest_is_loaded_and_an_altered_file_is_refused_by_name(trained, tmp_path):
    dataset = ClassifierDataset(filepath=str(tmp_path / "classifier"))
    dataset.save(trained)
    dataset.save(Classifier(trained.model, trained.labels, "newer"))
    assert dataset.load().reducer_id == "newer"
    newest = max((tmp_path / "classifier").glob("part-*"))
    file = next(path for path in newest.rglob("part-*") if path.is_file() and path.suffix != ".crc")
    file.write_bytes(b"altered")
    with pytest.raises(DatasetError, match="is not what this project wrote") as error:
        dataset.load()
    assert str(file) in str(error.value)


def test_nothing_saved_yet_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"nothing at .*classifier yet"):
        ClassifierDataset(filepath=str(tmp_path / "classifier")).load()


def test_probabilities_fall_and_equal_ones_are_ranked_by_a_fixed_order(reduced, trained):
    rows = predict(reduced, trained).collect()
    for row in rows:
        assert row.probability >= row.second_probability >= row.third_probability >= 0
        assert len({row.prediction, row.second, row.third}) == 3
    assert rows == predict(reduced, trained).collect()


@pytest.mark.parametrize("kind", ["logistic_regression", "random_forest"])
def test_a_classifier_of_two_labels_goes_to_the_workers_as_it_was_trained(reduced, kind):
    """Evaluation predicts without storing it, in stages that Spark sends to its workers."""
    parameters = ClassificationParameters(classifier=kind, **PARAMETERS)
    two = reduced.filter("label in ('fig', 'nan')").repartition(3)
    classifier = train_classifier(two, parameters, "r")
    counts = predict(two, classifier).groupBy("label", "prediction").count().collect()
    assert sum(row["count"] for row in counts) == 30
    assert not classifier.model.stages[-1].hasSummary


def test_a_model_of_another_class_is_refused(trained, tmp_path):
    """Spark would make an object of whatever class the files name."""
    dataset = ClassifierDataset(filepath=str(tmp_path / "classifier"))
    dataset.save(trained)
    [part] = (tmp_path / "classifier").glob("part-*")
    [file] = [f for f in part.glob("stages/1_*/metadata/part-*") if f.suffix != ".crc"]
    before = file.read_bytes()
    content = json.loads(before) | {"class": "antigravity.Model"}
    file.write_text(json.dumps(content))
    pointer = tmp_path / "classifier" / "_current.json"
    hashes = [hashlib.sha256(c).hexdigest() for c in (before, file.read_bytes())]
    pointer.write_text(pointer.read_text().replace(*hashes))
    with pytest.raises(DatasetError, match=r"names the class antigravity\.Model"):
        dataset.load()


def test_two_labels_have_no_third(reduced):
    parameters = ClassificationParameters(classifier="logistic_regression", **PARAMETERS)
    two = reduced.filter("label in ('fig', 'nan')")
    row = predict(two, train_classifier(two, parameters, "r")).first()
    assert {row.prediction, row.second} == {"fig", "nan"}
    assert (row.third, row.third_probability) == (None, None)
