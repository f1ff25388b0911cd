"""Every kind of classifier predicts, comes back from arrays, and says what it is not sure of."""

import io
from dataclasses import replace

import numpy as np
import pytest
from made_rows import LABELS, classification, make_rows
from sklearn.ensemble import RandomForestClassifier

from fruits_kedro import FruitsError
from fruits_kedro.model.classifier import (
    Classifier,
    LinearClassifier,
    classifier_from_arrays,
    doubt_columns,
    fit_classifier,
    predicted_columns,
    rank_columns,
)
from fruits_kedro.model.classifiers.logistic_regression import LogisticRegression
from fruits_kedro.model.confidence import STUDIO, Calibration, Outliers
from fruits_kedro.parameters.kinds import CLASSIFIERS, names_in
from fruits_kedro.storage.schemas import PREDICTED

KINDS = names_in(CLASSIFIERS)


def fit(kind: str, labels: int = 3, weights: np.ndarray | None = None) -> Classifier:
    rows = make_rows()
    rows = rows.where(rows.targets < labels)
    parameters = classification(kind)
    return fit_classifier(rows.features, rows.targets, rows.labels, "r", parameters, weights)


def linear(labels: tuple[str, ...], coefficients: list[list[float]], **more) -> LinearClassifier:
    return LogisticRegression(labels, "r", np.array(coefficients), np.zeros(len(labels)), **more)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return make_rows().features


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labels", [2, 3])
def test_a_classifier_comes_back_from_arrays_without_pickle(kind, labels, features):
    fitted = fit(kind, labels)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **fitted.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = classifier_from_arrays(arrays)
    assert (type(again), again.labels, again.id) == (type(fitted), LABELS[:labels], fitted.id)
    assert fit(kind, labels).id == fitted.id
    np.testing.assert_array_equal(again.probabilities(features), fitted.probabilities(features))


def test_a_calibration_comes_back_to_the_bit():
    logits = np.random.default_rng(0).normal(size=(30, 2))
    outliers = replace(Outliers.of(logits, np.arange(30) % 2), beyond=2.5)
    plain = linear(("a", "b"), [[1.0], [0.0]])
    calibration = Calibration(0.1 + 0.2, 0.75, outliers, ("market", "é"))
    fitted = linear(("a", "b"), [[1.0], [0.0]], calibration=calibration)
    again = classifier_from_arrays(fitted.arrays())
    assert again.id == fitted.id != plain.id
    assert again.calibration.temperature == 0.1 + 0.2
    assert again.calibration.holds_for == ("market", "é")
    np.testing.assert_array_equal(again.calibration.outliers.whitening, outliers.whitening)


def test_a_kind_that_is_not_installed_is_told():
    arrays = linear(("a", "b"), [[1.0], [0.0]]).arrays()
    about = arrays["about"].tobytes().replace(b"logistic_regression", b"of_another_project")
    with pytest.raises(FruitsError, match="of_another_project"):
        classifier_from_arrays(arrays | {"about": np.frombuffer(about, np.uint8)})


def test_one_label_is_not_enough():
    with pytest.raises(FruitsError):
        fit("logistic_regression", labels=1)


@pytest.mark.parametrize("kind", KINDS)
def test_heavy_rows_pull_predictions_to_their_label(kind, features):
    weights = np.where(make_rows().targets == 2, 20.0, 1.0)
    light, heavy = (fit(kind, weights=w).probabilities(features) for w in (None, weights))
    assert heavy[:, 2].mean() > light[:, 2].mean() + 0.1


def test_a_forest_of_arrays_is_scikit_learn_s(features):
    rows = make_rows()
    forest = RandomForestClassifier(20, max_depth=4, random_state=0)
    forest.fit(rows.features, rows.targets)
    moved = features + np.float32(0.3)
    expected = forest.predict_proba(moved)
    np.testing.assert_allclose(fit("random_forest").probabilities(moved), expected, atol=1e-12)
    assert fit("random_forest").logits(moved) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [0, 120])
def test_every_kind_gives_the_same_columns(kind, rows, features):
    columns = predicted_columns(fit(kind), features[:rows], np.ones(rows, bool))
    assert {name: column.type for name, column in columns.items()} == PREDICTED
    assert {len(column) for column in columns.values()} == {rows}


def test_equal_probabilities_are_ranked_by_label():
    """The last label first, so that tables stay comparable with earlier versions."""
    shares = np.array([[0.1, 0.4, 0.4, 0.1], [0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
    columns = rank_columns(shares, "abcd")
    ranked = [columns[name].to_pylist() for name in ("prediction", "second", "third")]
    assert list(zip(*ranked, strict=True)) == [("c", "b", "d"), ("a", "d", "c"), ("d", "c", "b")]


def test_fewer_labels_than_ranks_leave_nulls():
    columns = rank_columns(np.array([[0.9, 0.1], [0.9, 0.1]]), ("a", "b"))
    assert columns["prediction"].to_pylist() == ["a", "a"]
    assert columns["third"].null_count == columns["third_probability"].null_count == 2


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, 1e-38, 0.0])
def test_components_of_any_size_have_probabilities(value):
    some = linear(("a", "b", "c"), [[1e3], [0], [-1e3]])
    shares = some.probabilities(np.array([[value]], np.float32))
    assert shares.sum() == pytest.approx(1)
    assert ((shares >= 0) & (shares <= 1)).all()


def test_sure_is_withheld_outside_a_studio_where_nothing_is_known_of_it():
    confidence, studio = np.array([0.9, 0.9, 0.5]), np.array([True, False, False])
    known = Calibration(1.0, 0.8, None, (STUDIO,))
    assert doubt_columns(confidence, None, known, studio)["sure"].to_pylist() == [True, None, None]
    both = Calibration(1.0, 0.8, None, ("market", STUDIO))
    assert doubt_columns(confidence, None, both, studio)["sure"].to_pylist() == [True, True, False]
    assert doubt_columns(confidence, None, Calibration(), studio)["sure"].null_count == 3
