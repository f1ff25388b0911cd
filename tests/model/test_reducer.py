"""The reducer equals scikit-learn's scaler and PCA, and comes back from arrays."""

from dataclasses import replace

import numpy as np
import pytest
from made_rows import CONSTANT, make_features
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from fruits_kedro.model.moments import Moments
from fruits_kedro.model.reducer import Reducer, fit_reducer

FEATURES = make_features(3000)
VALUES = FEATURES.astype(np.float64)
TARGETS = np.arange(3000) % 3


def fit(
    features: np.ndarray,
    k: float,
    unit_length: bool = False,
    targets: np.ndarray | None = None,
    shrinkage: float | None = None,
    size: int | None = None,
) -> Reducer:
    targets = np.zeros(len(features), np.int64) if targets is None else targets
    labels = int(targets.max()) + 1
    moments = Moments.of([(features, targets, np.ones(len(targets)))], labels, unit_length)
    return fit_reducer(moments, k, "fingerprint", shrinkage, size)


@pytest.fixture(scope="module")
def fitted() -> Reducer:
    return fit(FEATURES, 10)


@pytest.fixture(scope="module")
def reference():
    return make_pipeline(StandardScaler(), PCA(svd_solver="full")).fit(VALUES)


def assert_equal_up_to_sign(ours: np.ndarray, theirs: np.ndarray, axis: int = 0) -> None:
    signs = np.sign(np.sum(ours * theirs, axis=axis, keepdims=True))
    np.testing.assert_allclose(ours, theirs * signs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_scaling_and_pca_equal_scikit_learn(fitted, reference):
    scaler, pca = reference
    np.testing.assert_allclose(fitted.mean, scaler.mean_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.scale, scaler.scale_, rtol=1e-6)
    assert (fitted.k, fitted.rows) == (10, 3000)
    assert_equal_up_to_sign(fitted.components, pca.components_[:10], axis=1)
    ratio = pca.explained_variance_ratio_[:10]
    np.testing.assert_allclose(fitted.explained_variance_ratio, ratio, rtol=1e-4)
    assert_equal_up_to_sign(fitted.transform(FEATURES), reference.transform(VALUES)[:, :10])


def test_unit_length_equals_scikit_learn_s_normalizer_and_pca_up_to_one_factor():
    theirs = make_pipeline(Normalizer(), PCA(5, svd_solver="full"))
    reducer = fit(FEATURES, 5, unit_length=True)
    lengths = np.linalg.norm(VALUES, axis=1, keepdims=True)
    factor = np.sqrt((VALUES / lengths).var(axis=0).mean())
    np.testing.assert_allclose(reducer.scale, factor)
    assert_equal_up_to_sign(reducer.transform(FEATURES), theirs.fit_transform(VALUES) / factor)
    ratio = theirs[-1].explained_variance_ratio_
    np.testing.assert_allclose(reducer.explained_variance_ratio, ratio, rtol=1e-6)


def test_within_label_is_a_pca_of_rows_whose_covariance_within_labels_is_taken_out():
    reducer = fit(FEATURES, 5, True, TARGETS, 0.3)
    rows = Normalizer().fit_transform(VALUES)
    centred = rows.copy()
    for label in range(3):
        centred[label::3] -= centred[label::3].mean(axis=0)
    within = centred.T @ centred / len(rows)
    shrunk = within + 0.3 * np.diag(within).mean() * np.eye(24)
    values, vectors = np.linalg.eigh(shrunk)
    whitened = rows @ (vectors / np.sqrt(values)) @ vectors.T
    pca = PCA(5, svd_solver="full")
    theirs = pca.fit_transform(whitened) / np.sqrt(whitened.var(axis=0).mean())
    assert_equal_up_to_sign(reducer.transform(FEATURES), theirs)
    ratio = pca.explained_variance_ratio_
    np.testing.assert_allclose(reducer.explained_variance_ratio, ratio, rtol=1e-6)


@pytest.mark.parametrize("alike", [1, 3])
def test_labels_whose_rows_are_alike_can_be_told_apart(alike):
    """Nothing varies within a label, so that nothing could be divided by."""
    rows = np.repeat(make_features(4), alike, axis=0)
    reduced = fit(rows, 3, True, np.repeat(np.arange(4), alike), 0.3).transform(rows)
    assert np.isfinite(reduced).all()
    assert len(np.unique(reduced.round(3), axis=0)) == 4


def test_a_rotation_to_fewer_directions_changes_nothing_but_its_zeros():
    """As ``Refits.on_directions`` does with rows that lie in a few directions."""
    basis, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(60, 24)))
    lifted = (VALUES @ basis.T).astype(np.float32)
    whole = fit(lifted, 5, True, TARGETS, 0.3).transform(lifted)
    fewer = (lifted @ basis.astype(np.float32)).astype(np.float32)
    found = fit(fewer, 5, True, TARGETS, 0.3, size=60).transform(fewer)
    assert_equal_up_to_sign(found, whole)


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
def test_a_share_keeps_the_fewest_sufficient_components(reference, share):
    ratio = reference[-1].explained_variance_ratio_
    assert fit(FEATURES, share).k == int(np.argmax(np.cumsum(ratio) >= share)) + 1


@pytest.mark.parametrize("field", ["mean", "scale", "components", "fingerprint", "unit_length"])
def test_the_id_changes_with_anything_that_changes_components(fitted, field):
    value = getattr(fitted, field)
    others = {str: "other", bool: True}
    changed = others[type(value)] if type(value) in others else np.nextafter(value, np.inf)
    assert replace(fitted, **{field: changed}).id != fitted.id


@pytest.mark.parametrize("k", [300, 0.99999])
@pytest.mark.parametrize(("different", "alike", "most"), [(4, 1, 3), (3, 5, 2), (100, 1, 23)])
def test_there_are_as_many_components_as_rows_differ_in(k, different, alike, most):
    """Rows of three photographs have two, however often each is there; one feature is constant."""
    reducer = fit(np.repeat(make_features(different), alike, axis=0), k)
    assert reducer.k == most if k == 300 else reducer.k <= most
    assert reducer.explained_variance_ratio.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("unit_length", [False, True])
def test_rows_without_variance_or_length_give_numbers(unit_length):
    alike, zeros = np.repeat(make_features(1), 5, axis=0), np.zeros((1, 24), np.float32)
    for rows in (alike, np.vstack([make_features(4), zeros])):
        reducer = fit(rows, 3, unit_length)
        for values in (reducer.mean, reducer.scale, reducer.components, reducer.transform(rows)):
            assert np.isfinite(values).all()
