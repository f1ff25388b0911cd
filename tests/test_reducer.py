"""The reducer equals scikit-learn's scaler and PCA, and its bits do not depend on partitioning."""

import logging

import numpy as np
import pyarrow as pa
import pytest
from feature_tables import CONSTANT, SCHEMA, make_features, names, to_table
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from fruits_kedro.model.moments import sum_moments, sum_table_moments
from fruits_kedro.model.reducer import (
    Reducer,
    fit_reducer,
    possible_k,
    reduce_features,
    reduce_table,
)

ON_WORKERS = 0


def fit(table, k: float, unit_length: bool = False) -> Reducer:
    return fit_reducer(sum_moments(table, ON_WORKERS, unit_length), k, "fingerprint")


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return make_features(3000)


@pytest.fixture(scope="module")
def table(spark, features):
    return to_table(spark, features).cache()


@pytest.fixture(scope="module")
def fitted(table) -> Reducer:
    return fit(table, 10)


@pytest.fixture(scope="module")
def reference(features):
    scaler = StandardScaler().fit(features.astype(np.float64))
    return scaler, PCA(svd_solver="full").fit(scaler.transform(features.astype(np.float64)))


def assert_equal_up_to_sign(ours: np.ndarray, theirs: np.ndarray, axis: int) -> None:
    signs = np.sign(np.sum(ours * theirs, axis=axis, keepdims=True))
    np.testing.assert_allclose(ours, theirs * signs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_mean_and_scale_equal_scikit_learn(fitted, reference):
    scaler, _ = reference
    np.testing.assert_allclose(fitted.mean, scaler.mean_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.scale, scaler.scale_, rtol=1e-6)
    assert fitted.rows == 3000


def test_components_and_variance_equal_scikit_learn(fitted, reference):
    _, pca = reference
    assert fitted.k == 10
    assert_equal_up_to_sign(fitted.components, pca.components_[:10], axis=1)
    np.testing.assert_allclose(
        fitted.explained_variance_ratio, pca.explained_variance_ratio_[:10], rtol=1e-4
    )


def test_reduced_rows_equal_scikit_learn(table, features, fitted, reference):
    scaler, pca = reference
    rows = reduce_features(table, fitted).orderBy("sha256").toArrow()
    ours = np.array(rows["components"].to_pylist())
    in_order = features[np.argsort(names(len(features)))].astype(np.float64)
    theirs = pca.transform(scaler.transform(in_order))[:, :10]
    assert_equal_up_to_sign(ours, theirs, axis=0)


def test_unit_length_equals_scikit_learn_s_normalizer_and_pca_up_to_one_factor(table, features):
    values = features[np.argsort(names(len(features)))].astype(np.float64)
    theirs = make_pipeline(Normalizer(), PCA(5, svd_solver="full"))
    reducer = fit(table, 5, unit_length=True)
    rows = reduce_features(table, reducer).orderBy("sha256").toArrow()
    ours = np.array(rows["components"].to_pylist())
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    factor = np.sqrt((values / lengths).var(axis=0).mean())
    np.testing.assert_allclose(reducer.scale, factor)
    assert_equal_up_to_sign(ours, theirs.fit_transform(values) / factor, axis=0)
    np.testing.assert_allclose(
        reducer.explained_variance_ratio, theirs[-1].explained_variance_ratio_, rtol=1e-6
    )


def within_labels(features: np.ndarray, labels: np.ndarray, k: float, shrinkage: float) -> Reducer:
    columns = {"sha256": names(len(features)), "features": features.tolist(), "label": labels}
    moments = sum_table_moments(pa.table(columns), True, sorted(set(labels)))
    return fit_reducer(moments, k, "fingerprint", shrinkage)


def test_within_label_is_a_pca_of_rows_whose_covariance_within_labels_is_taken_out(features):
    labels = np.array(["a", "b", "c"])[np.arange(len(features)) % 3]
    reducer = within_labels(features, labels, 5, 0.3)
    rows = Normalizer().fit_transform(features.astype(np.float64))
    centred = rows.copy()
    for label in "abc":
        centred[labels == label] -= centred[labels == label].mean(axis=0)
    within = centred.T @ centred / len(rows)
    shrunk = within + 0.3 * np.diag(within).mean() * np.eye(24)
    values, vectors = np.linalg.eigh(shrunk)
    whitened = rows @ (vectors / np.sqrt(values)) @ vectors.T
    pca = PCA(5, svd_solver="full")
    theirs = pca.fit_transform(whitened) / np.sqrt(whitened.var(axis=0).mean())
    assert_equal_up_to_sign(reducer.transform(features), theirs, axis=0)
    np.testing.assert_allclose(
        reducer.explained_variance_ratio, pca.explained_variance_ratio_, rtol=1e-6
    )


def test_much_shrinkage_within_labels_is_unit_length(table, features):
    labels = np.array(["a", "b"])[np.arange(len(features)) % 2]
    ours = within_labels(features, labels, 5, 1e9).transform(features)
    theirs = fit(table, 5, unit_length=True).transform(features)
    assert_equal_up_to_sign(ours, theirs, axis=0)


@pytest.mark.parametrize("alike", [1, 3])
def test_labels_whose_rows_are_alike_can_be_told_apart(alike):
    """Nothing varies within a label, so that nothing could be divided by."""
    rows = np.repeat(make_features(4), alike, axis=0)
    labels = np.repeat(["a", "b", "c", "d"], alike)
    reducer = within_labels(rows, labels, 3, 0.3)
    reduced = reducer.transform(rows)
    assert np.isfinite(reduced).all()
    assert len(np.unique(reduced.round(3), axis=0)) == 4


def test_unit_length_leaves_a_row_of_zeros_as_it_is(spark):
    rows = np.vstack([make_features(4), np.zeros((1, 24), np.float32)])
    reducer = fit(to_table(spark, rows), 3, unit_length=True)
    assert np.isfinite(reducer.transform(rows)).all()


def test_a_constant_feature_has_no_weight(fitted):
    assert fitted.scale[CONSTANT] == 1.0
    assert np.abs(fitted.components[:, CONSTANT]).max() < 1e-12


def test_the_largest_loading_is_positive(fitted):
    components = fitted.components
    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(10), largest] > 0).all()


@pytest.mark.parametrize("partitions", [1, 3, 7])
def test_partitions_and_row_order_do_not_change_a_bit(spark, features, fitted, partitions):
    order = np.random.default_rng(partitions).permutation(len(features))
    shuffled = to_table(spark, features[order], [names(len(features))[i] for i in order])
    again = fit(shuffled.repartition(partitions), 10)
    for name in ("mean", "scale", "components", "explained_variance_ratio"):
        assert getattr(again, name).tobytes() == getattr(fitted, name).tobytes(), name
    assert again.id == fitted.id


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999999])
def test_a_share_keeps_the_fewest_sufficient_components(table, reference, share):
    _, pca = reference
    fewest = int(np.argmax(np.cumsum(pca.explained_variance_ratio_) >= share)) + 1
    assert fit(table, share).k == fewest


def test_a_row_without_features_reduces_to_zeros_and_keeps_its_columns(spark, fitted):
    rows = spark.createDataFrame([("a", None), ("b", [1.0] * 24)], SCHEMA)
    reduced = {row.sha256: row.components for row in reduce_features(rows, fitted).collect()}
    assert reduced["a"] == [0.0] * 10
    assert any(reduced["b"])


def test_rows_on_the_driver_reduce_to_the_same_bits(table, fitted):
    on_workers = reduce_features(table, fitted).orderBy("sha256").toArrow()
    assert reduce_table(table.orderBy("sha256").toArrow(), fitted).equals(on_workers)


@pytest.mark.parametrize("field", ["mean", "scale", "components"])
def test_the_id_changes_with_any_number(fitted, field):
    changed = {**vars(fitted), field: np.nextafter(getattr(fitted, field), np.inf)}
    assert Reducer(**changed).id != fitted.id


@pytest.mark.parametrize("changed", [{"fingerprint": "other"}, {"unit_length": True}])
def test_the_id_changes_with_backbone_and_scaling(fitted, changed):
    assert Reducer(**{**vars(fitted), **changed}).id != fitted.id


@pytest.mark.parametrize(
    ("k", "rows", "lowered"), [(300, 100, 99), (300, 300, 299), (1280, 5000, 1000), (5, 2, 1)]
)
def test_too_many_components_are_lowered_with_a_warning(k, rows, lowered, caplog):
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        assert possible_k(k, rows, 1000) == lowered
    assert f"reduction.k={k} lowered to {lowered}" in caplog.text


@pytest.mark.parametrize(("k", "rows"), [(99, 100), (300, 301), (0.9, 2)])
def test_possible_components_stay_without_a_warning(k, rows, caplog):
    assert possible_k(k, rows, 1000) == k
    assert caplog.text == ""


def test_as_many_components_as_rows_allow_can_be_fitted(spark):
    few = make_features(4)
    reducer = fit(to_table(spark, few), possible_k(300, 4, 24))
    assert reducer.k == 3
    assert reducer.explained_variance_ratio.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("k", [300, 0.99999])
def test_components_of_rounding_noise_are_left_out_with_a_warning(spark, k, caplog):
    """Rows of three different photographs have two components, however many rows there are."""
    alike = np.repeat(make_features(3), 5, axis=0)
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        reducer = fit(to_table(spark, alike), possible_k(k, 15, 24))
    assert reducer.k == 2
    assert reducer.explained_variance_ratio.sum() == pytest.approx(1.0)
    assert ("lowered to 2: the train photographs differ in no more" in caplog.text) == (k == 300)


def test_rows_that_are_all_alike_explain_nothing(spark):
    alike = to_table(spark, np.repeat(make_features(1), 5, axis=0))
    reducer = fit(alike, 3)
    assert sum_moments(alike, ON_WORKERS, False).are_alike
    for values in (reducer.mean, reducer.scale, reducer.components):
        assert np.isfinite(values).all()
    assert not sum_moments(to_table(spark, make_features(4)), ON_WORKERS, False).are_alike
