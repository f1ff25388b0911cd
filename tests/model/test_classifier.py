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
    answer_columns,
    classifier_from_arrays,
    fit_classifier,
    predicted_columns,
)
from fruits_kedro.model.classifiers.logistic_regression import LogisticRegression
from fruits_kedro.model.confidence import STUDIO, Calibration, Outliers
from fruits_kedro.parameters.kinds import CLASSIFIERS, names_in
from fruits_kedro.storage.schemas import PREDICTED

KINDS = names_in(CLASSIFIERS)
ROWS = make_rows()


def fit(kind: str, labels: int = 3, weights: np.ndarray | None = None) -> Classifier:
    rows = ROWS.where(ROWS.targets < labels)
    parameters = classification(kind)
    return fit_classifier(rows.features, rows.targets, rows.labels, "r", parameters, weights)


def linear(*coefficients: float) -> LinearClassifier:
    labels = tuple("abc"[: len(coefficients)])
    return LogisticRegression(labels, "r", np.array([coefficients]).T, np.zeros(len(labels)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labels", [2, 3])
def test_a_classifier_comes_back_from_arrays_to_the_bit_without_pickle(kind, labels):
    plain, logits = fit(kind, labels), np.random.default_rng(0).normal(size=(30, labels))
    outliers = replace(Outliers.of(logits, np.arange(30) % labels), beyond=2.5)
    fitted = replace(plain, calibration=Calibration(0.1 + 0.2, 0.75, outliers, ("market", "é")))
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **fitted.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = classifier_from_arrays(arrays)
    assert (type(again), again.labels, again.id) == (type(fitted), LABELS[:labels], fitted.id)
    assert fit(kind, labels).id == plain.id != fitted.id
    assert replace(again.calibration, outliers=None) == replace(fitted.calibration, outliers=None)
    np.testing.assert_array_equal(
        again.calibration.outliers.scores(logits), outliers.scores(logits)
    )
    found, expected = (c.probabilities(ROWS.features) for c in (again, fitted))
    np.testing.assert_array_equal(found, expected)


def test_a_kind_that_is_not_installed_is_told():
    arrays = linear(1, 0).arrays()
    about = arrays["about"].tobytes().replace(b"logistic_regression", b"of_another_project")
    with pytest.raises(FruitsError, match="of_another_project"):
        classifier_from_arrays(arrays | {"about": np.frombuffer(about, np.uint8)})


def test_one_label_is_not_enough():
    with pytest.raises(FruitsError):
        fit("logistic_regression", labels=1)


@pytest.mark.parametrize("kind", KINDS)
def test_heavy_rows_pull_predictions_to_their_label(kind):
    weights = np.where(ROWS.targets == 2, 20.0, 1.0)
    light, heavy = (fit(kind, weights=w).probabilities(ROWS.features) for w in (None, weights))
    assert heavy[:, 2].mean() > light[:, 2].mean() + 0.1


def test_a_forest_of_arrays_is_scikit_learn_s():
    forest = RandomForestClassifier(20, max_depth=4, random_state=0)
    forest.fit(ROWS.features, ROWS.targets)
    moved = ROWS.features + np.float32(0.3)
    expected = forest.predict_proba(moved)
    np.testing.assert_allclose(fit("random_forest").probabilities(moved), expected, atol=1e-12)
    assert fit("random_forest").logits(moved) is None


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, 1e-38, 0.0])
def test_components_of_any_size_have_probabilities(value):
    shares = linear(1e3, 0, -1e3).probabilities(np.array([[value]], np.float32))
    assert shares.sum() == pytest.approx(1)
    assert ((shares >= 0) & (shares <= 1)).all()


# --- columns -------------------------------------------------------------------------------------


def columns_of(shares: list[list[float]], calibration: Calibration, studio: list[bool]) -> dict:
    probabilities, labels = np.array(shares), "abcd"[: len(shares[0])]
    columns = answer_columns(probabilities, None, labels, calibration, np.array(studio))
    return {name: column.to_pylist() for name, column in columns.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [0, 120])
def test_every_kind_gives_the_same_columns(kind, rows):
    columns = predicted_columns(fit(kind), ROWS.features[:rows], np.ones(rows, bool))
    assert {name: column.type for name, column in columns.items()} == PREDICTED
    assert {len(column) for column in columns.values()} == {rows}


def test_equal_probabilities_are_ranked_by_label():
    """The last label first, so that tables stay comparable with earlier versions."""
    shares = [[0.1, 0.4, 0.4, 0.1], [0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]]
    columns = columns_of(shares, Calibration(), [True] * 3)
    ranked = [columns[name] for name in ("prediction", "second", "third")]
    assert list(zip(*ranked, strict=True)) == [("c", "b", "d"), ("a", "d", "c"), ("d", "c", "b")]


def test_fewer_labels_than_ranks_leave_nulls():
    columns = columns_of([[0.9, 0.1], [0.2, 0.8]], Calibration(), [True] * 2)
    assert (columns["prediction"], columns["second_probability"]) == (["a", "b"], [0.1, 0.2])
    assert columns["third"] == columns["third_probability"] == [None, None]


@pytest.mark.parametrize(
    ("calibration", "sure"),
    [
        (Calibration(1.0, 0.8, None, (STUDIO,)), [True, None, None]),
        (Calibration(1.0, 0.8, None, ("market", STUDIO)), [True, True, False]),
        (Calibration(), [None, None, None]),
    ],
)
def test_sure_is_withheld_where_nothing_is_known_of_it(calibration, sure):
    shares = [[0.9, 0.1], [0.9, 0.1], [0.5, 0.5]]
    assert columns_of(shares, calibration, [True, False, False])["sure"] == sure
