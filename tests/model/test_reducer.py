"""The reducer equals scikit-learn's scaler and PCA, and comes back from arrays."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from made_rows import CONSTANT, make_features
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from fruits_kedro.model.moments import Moments
from fruits_kedro.model.reducer import Reducer, fit_reducer, possible_k


def fit(
    features: np.ndarray,
    k: float,
    unit_length: bool = False,
    targets: np.ndarray | None = None,
    shrinkage: float | None = None,
) -> Reducer:
    targets = np.zeros(len(features), np.int64) if targets is None else targets
    labels = int(targets.max()) + 1
    moments = Moments.of([(features, targets, np.ones(len(targets)))], labels, unit_length)
    return fit_reducer(moments, k, "fingerprint", shrinkage)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return make_features(3000)


@pytest.fixture(scope="module")
def fitted(features) -> Reducer:
    return fit(features, 10)


@pytest.fixture(scope="module")
def reference(features):
    return make_pipeline(StandardScaler(), PCA(svd_solver="full")).fit(features.astype(np.float64))


def assert_equal_up_to_sign(ours: np.ndarray, theirs: np.ndarray, axis: int) -> None:
    signs = np.sign(np.sum(ours * theirs, axis=axis, keepdims=True))
    np.testing.assert_allclose(ours, theirs * signs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_scaling_and_pca_equal_scikit_learn(features, fitted, reference):
    scaler, pca = reference
    np.testing.assert_allclose(fitted.mean, scaler.mean_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.scale, scaler.scale_, rtol=1e-6)
    assert (fitted.k, fitted.rows) == (10, 3000)
    assert_equal_up_to_sign(fitted.components, pca.components_[:10], axis=1)
    ratio = pca.explained_variance_ratio_[:10]
    np.testing.assert_allclose(fitted.explained_variance_ratio, ratio, rtol=1e-4)
    theirs = reference.transform(features.astype(np.float64))[:, :10]
    assert_equal_up_to_sign(fitted.transform(features), theirs, axis=0)


def test_unit_length_equals_scikit_learn_s_normalizer_and_pca_up_to_one_factor(features):
    values = features.astype(np.float64)
    theirs = make_pipeline(Normalizer(), PCA(5, svd_solver="full"))
    reducer = fit(features, 5, unit_length=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    factor = np.sqrt((values / lengths).var(axis=0).mean())
    np.testing.assert_allclose(reducer.scale, factor)
    reduced = reducer.transform(features)
    assert_equal_up_to_sign(reduced, theirs.fit_transform(values) / factor, axis=0)
    np.testing.assert_allclose(
        reducer.explained_variance_ratio, theirs[-1].explained_variance_ratio_, rtol=1e-6
    )


def test_within_label_is_a_pca_of_rows_whose_covariance_within_labels_is_taken_out(features):
    targets = np.arange(len(features)) % 3
    reducer = fit(features, 5, True, targets, 0.3)
    rows = Normalizer().fit_transform(features.astype(np.float64))
    centred = rows.copy()
    for label in range(3):
        centred[targets == label] -= centred[targets == label].mean(axis=0)
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


@pytest.mark.parametrize("alike", [1, 3])
def test_labels_whose_rows_are_alike_can_be_told_apart(alike):
    """Nothing varies within a label, so that nothing could be divided by."""
    rows = np.repeat(make_features(4), alike, axis=0)
    reduced = fit(rows, 3, True, np.repeat(np.arange(4), alike), 0.3).transform(rows)
    assert np.isfinite(reduced).all()
    assert len(np.unique(reduced.round(3), axis=0)) == 4


def test_unit_length_leaves_a_row_of_zeros_as_it_is():
    rows = np.vstack([make_features(4), np.zeros((1, 24), np.float32)])
    assert np.isfinite(fit(rows, 3, unit_length=True).transform(rows)).all()


def test_a_rotation_to_fewer_directions_changes_nothing_but_its_zeros(features):
    """As ``Refits.on_directions`` does with rows that lie in a few directions."""
    random = np.random.default_rng(0)
    basis, _ = np.linalg.qr(random.normal(size=(60, 24)))
    lifted = (features.astype(np.float64) @ basis.T).astype(np.float32)
    targets = np.arange(len(features)) % 3
    whole = fit(lifted, 5, True, targets, 0.3).transform(lifted)
    fewer = (lifted @ basis.astype(np.float32)).astype(np.float32)
    moments = Moments.of([(fewer, targets, np.ones(len(targets)))], 3, True)
    found = fit_reducer(moments, 5, "", 0.3, size=60).transform(fewer)
    assert_equal_up_to_sign(found, whole, axis=0)


def test_a_constant_feature_has_no_weight_and_the_largest_loading_is_positive(fitted):
    assert fitted.scale[CONSTANT] == 1.0
    assert np.abs(fitted.components[:, CONSTANT]).max() < 1e-12
    largest = np.abs(fitted.components).argmax(axis=1)
    assert (fitted.components[np.arange(10), largest] > 0).all()


def test_a_reducer_comes_back_from_its_arrays(fitted):
    again = Reducer.from_arrays({name: np.asarray(v) for name, v in fitted.arrays().items()})
    assert again.id == fitted.id
    assert (again.rows, again.fingerprint, again.unit_length) == (3000, "fingerprint", False)
    np.testing.assert_array_equal(again.explained_variance_ratio, fitted.explained_variance_ratio)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999999])
def test_a_share_keeps_the_fewest_sufficient_components(features, reference, share):
    ratio = reference[-1].explained_variance_ratio_
    fewest = int(np.argmax(np.cumsum(ratio) >= share)) + 1
    assert fit(features, share).k == fewest


@pytest.mark.parametrize("field", ["mean", "scale", "components", "fingerprint", "unit_length"])
def test_the_id_changes_with_anything_that_changes_components(fitted, field):
    value = getattr(fitted, field)
    others = {str: "other", bool: True}
    changed = others[type(value)] if type(value) in others else np.nextafter(value, np.inf)
    assert replace(fitted, **{field: changed}).id != fitted.id


@pytest.mark.parametrize(
    ("k", "rows", "lowered"),
    [
        (300, 100, 99),
        (300, 300, 299),
        (1280, 5000, 1000),
        (5, 2, 1),
        (99, 100, None),
        (300, 301, None),
        (0.9, 2, None),
    ],
)
def test_too_many_components_are_lowered_with_a_warning(k, rows, lowered, caplog):
    assert possible_k(k, rows, 1000) == (lowered or k)
    warned = f"reduction.k={k} lowered to {lowered}" in caplog.text
    assert warned is bool(caplog.text) is (lowered is not None)


def test_as_many_components_as_rows_allow_can_be_fitted():
    reducer = fit(make_features(4), possible_k(300, 4, 24))
    assert reducer.k == 3
    assert reducer.explained_variance_ratio.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("k", [300, 0.99999])
def test_components_of_rounding_noise_are_left_out_with_a_warning(k, caplog):
    """Rows of three different photographs have two components, however many rows there are."""
    alike = np.repeat(make_features(3), 5, axis=0)
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        reducer = fit(alike, possible_k(k, 15, 24))
    assert reducer.k == 2
    assert reducer.explained_variance_ratio.sum() == pytest.approx(1.0)
    assert ("lowered to 2: the train photographs differ in no more" in caplog.text) == (k == 300)


def test_rows_that_are_all_alike_explain_nothing():
    reducer = fit(np.repeat(make_features(1), 5, axis=0), 3)
    for values in (reducer.mean, reducer.scale, reducer.components):
        assert np.isfinite(values).all()
