"""Logistic regression on Spark's rows: the same wherever they lie, and ranked as it is told."""

import pickle

import numpy as np
import pyarrow as pa
import pytest
from feature_tables import CALIBRATION, names
from fruits_kedro.model.classifier.regression import SoftmaxClassifier, rank_labels
from runs import LABELS, whole_run
from sklearn.linear_model import LogisticRegression

from fruits_kedro.model.classifier import predict, train_classifier
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.storage.schemas import CANDIDATES, PREDICTED

REG_PARAM = 0.01
NAMES = [column.split()[0] for column in CANDIDATES.split(", ")]
ON_WORKERS, ON_DRIVER = 0, 1024


def fit(
    train, reducer, megabytes=ON_DRIVER, standardization=False, max_iter=1000
) -> SoftmaxClassifier:
    parameters = ClassificationParameters(
        classifier="logistic_regression",
        logistic_regression={
            "reg_param": REG_PARAM,
            "standardization": standardization,
            "max_iter": max_iter,
            "driver_megabytes": megabytes,
        },
        random_forest={"trees": 1, "max_depth": 1, "seed": 0},
        calibration=CALIBRATION,
    )
    counts = {row.label: row["count"] for row in train.groupBy("label").count().collect()}
    return train_classifier(train, counts, reducer, parameters)


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory):
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def reducer(whole) -> Reducer:
    return whole.load("reducer")


@pytest.fixture(scope="module")
def train(whole):
    """Components of real photographs."""
    return whole.load("reduced_features").filter("split = 'train'").cache()


@pytest.fixture(scope="module")
def fitted(train, reducer) -> SoftmaxClassifier:
    return fit(train, reducer)


def matrix(rows) -> tuple[np.ndarray, np.ndarray]:
    """Components and labels in the order of paths."""
    found = rows.orderBy("path").select("components", "label").collect()
    return np.array([r.components for r in found], np.float32), np.array([r.label for r in found])


def by_scikit_learn(components: np.ndarray, labels: np.ndarray) -> np.ndarray:
    strength = 1 / (len(labels) * REG_PARAM)
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    return model.fit(components.astype(np.float64), labels).predict_proba(components)


def assert_same_optimum(here: SoftmaxClassifier, there: SoftmaxClassifier) -> None:
    assert (here.labels, here.reducer_id) == (there.labels, there.reducer_id)
    np.testing.assert_allclose(here.coefficients, there.coefficients, atol=1e-6)
    np.testing.assert_allclose(here.intercepts, there.intercepts, atol=1e-6)


# --- fitting -------------------------------------------------------------------------------------


def test_probabilities_of_real_photographs_equal_scikit_learn_s(train, fitted):
    components, labels = matrix(train)
    expected = by_scikit_learn(components, labels)
    assert fitted.labels == LABELS
    np.testing.assert_allclose(fitted.probabilities(components), expected, atol=1e-5)


@pytest.mark.parametrize("standardization", [True, False])
def test_the_optimum_on_the_workers_is_that_on_the_driver(train, reducer, standardization):
    here = fit(train, reducer, ON_DRIVER, standardization)
    assert_same_optimum(here, fit(train, reducer, ON_WORKERS, standardization))


def test_the_train_rows_of_the_workers_are_let_go(train, reducer):
    kept = train.sparkSession.sparkContext._jsc.getPersistentRDDs
    train.count()  # so that the cache of the test's own rows is there before
    before = len(kept())
    fit(train, reducer, ON_WORKERS, max_iter=1)
    assert len(kept()) == before


@pytest.mark.parametrize("megabytes", [ON_DRIVER, ON_WORKERS])
@pytest.mark.parametrize("partitions", [1, 5])
def test_partitions_and_row_order_do_not_change_a_bit(train, reducer, megabytes, partitions):
    """Ten steps of the search are as good as all of them."""
    shuffled = train.orderBy("components").repartition(partitions)
    here, there = (fit(rows, reducer, megabytes, max_iter=10) for rows in (train, shuffled))
    assert here.coefficients.tobytes() == there.coefficients.tobytes()
    assert here.intercepts.tobytes() == there.intercepts.tobytes()


def make_table(spark, rows: int, seed: int = 0):
    """More rows than a chunk holds, all but a few of them in one bucket."""
    random = np.random.default_rng(seed)
    targets = random.integers(3, size=rows)
    components = (2 * np.eye(3, 5)[targets] + random.normal(size=(rows, 5))).astype(np.float32)
    known = names(rows)
    table = {
        "path": known,
        "sha256": [name if i < 20 else "0" + name[1:] for i, name in enumerate(known)],
        "label": [f"label {target}" for target in targets],
        "components": components.tolist(),
    }
    schema = "path string, sha256 string, label string, components array<float>"
    return spark.createDataFrame(pa.table(table), schema)


@pytest.fixture(scope="module")
def crowded(spark):
    return make_table(spark, 2500).cache()


def reducer_of(k: int) -> Reducer:
    return Reducer(
        np.zeros(9), np.ones(9), np.eye(k, 9), np.full(k, 1 / k), 2, "fingerprint", False
    )


def test_a_bucket_larger_than_a_chunk_has_the_optimum_of_scikit_learn(crowded):
    components, labels = matrix(crowded)
    expected = by_scikit_learn(components, labels)
    for megabytes in (ON_DRIVER, ON_WORKERS):
        found = fit(crowded, reducer_of(5), megabytes).probabilities(components)
        np.testing.assert_allclose(found, expected, atol=1e-5)


# --- predicting ----------------------------------------------------------------------------------


def test_predictions_are_the_largest_probabilities(train, fitted):
    components, _ = matrix(train)
    expected = np.sort(fitted.probabilities(components), axis=1)[:, ::-1]
    rows = predict(train, fitted).orderBy("path").collect()
    for row, shares in zip(rows, expected, strict=True):
        given = [row.probability, row.second_probability, row.third_probability]
        assert given == pytest.approx(shares[:3], rel=1e-12)
        assert len({row.prediction, row.second, row.third}) == 3


def test_the_columns_are_the_other_ones_and_the_candidates(train, fitted):
    from pyspark.sql.types import StructType

    expected = f"path string, label string, split string, sha256 string, {PREDICTED}"
    assert predict(train, fitted).schema == StructType.fromDDL(expected)


def classifier(labels: tuple[str, ...], coefficients: list[list[float]]) -> SoftmaxClassifier:
    return SoftmaxClassifier(labels, "r", np.array(coefficients), np.zeros(len(labels)))


def one_row(spark, *components: float):
    return spark.createDataFrame([("a", list(components))], "path string, components array<float>")


def test_equal_probabilities_are_ranked_by_label_as_by_the_forest(spark):
    """The last label first: so it always was, and tables stay comparable."""
    same = classifier(("Apple", "Corn", "fig", "Ünï"), [[0.0]] * 4)
    row = predict(one_row(spark, 1.0), same).first()
    assert (row.prediction, row.second, row.third) == ("Ünï", "fig", "Corn")
    assert row.probability == row.second_probability == row.third_probability == 0.25


def test_ranks_of_unequal_and_equal_probabilities():
    shares = np.array([[0.1, 0.4, 0.4, 0.1], [0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
    assert rank_labels(shares).tolist() == [[2, 1, 3], [0, 3, 2], [3, 2, 1]]


@pytest.mark.parametrize("labels", [1, 2])
def test_fewer_labels_than_ranks_leave_nulls(spark, labels):
    few = classifier(("Apple", "Corn")[:labels], [[1.0], [0.0]][:labels])
    row = predict(one_row(spark, 3.0), few).first()
    assert [row[name] is None for name in NAMES] == [False] * 2 * labels + [True] * (6 - 2 * labels)
    assert row.prediction == "Apple"


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, 1e-38, 0.0])
def test_components_of_any_size_have_probabilities(spark, value):
    row = predict(one_row(spark, value), classifier(("a", "b", "c"), [[1e3], [0], [-1e3]])).first()
    shares = [row.probability, row.second_probability, row.third_probability]
    assert sum(shares) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares)


def test_no_rows_have_no_predictions(train, fitted):
    assert predict(train.filter("false"), fitted).collect() == []


def test_what_goes_to_the_workers_is_little_more_than_the_weights(fitted):
    weights = fitted.coefficients.nbytes + fitted.intercepts.nbytes
    assert len(pickle.dumps(fitted)) < weights + 2000
