"""The moments are those of numpy, and the same to the bit however rows are batched."""

import numpy as np
import pytest
from made_rows import make_features

from fruits_kedro.model.moments import BLOCK, Moments

ROWS = 3000
FEATURES, TARGETS = make_features(ROWS), np.arange(ROWS) % 3


def sums(
    features=FEATURES, targets=TARGETS, weights=None, unit_length=False, labels=3, batches=1
) -> Moments:
    weights = np.ones(len(targets)) if weights is None else weights
    parts = np.array_split(np.arange(len(features)), batches)
    given = ((features[part], targets[part], weights[part]) for part in parts)
    return Moments.of(given, labels, unit_length)


@pytest.mark.parametrize("unit_length", [False, True])
def test_they_are_numpy_s(unit_length):
    moments = sums(unit_length=unit_length)
    values = FEATURES.astype(np.float64)
    if unit_length:
        values /= np.linalg.norm(values, axis=1, keepdims=True)
    assert (moments.rows, moments.weight) == (ROWS, ROWS)
    np.testing.assert_allclose(moments.mean, values.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(moments.products, values.T @ values, rtol=1e-9, atol=1e-9)
    for label in range(3):
        values[label::3] -= values[label::3].mean(axis=0)
    within = values.T @ values / ROWS
    np.testing.assert_allclose(moments.within_labels, within, rtol=1e-6, atol=1e-6)


def test_labels_without_rows_change_nothing():
    more = sums(targets=TARGETS * 2, labels=5)
    np.testing.assert_allclose(more.within_labels, sums().within_labels, atol=1e-9)


def test_a_weight_of_two_is_the_row_twice():
    weighted = sums(weights=np.where(np.arange(ROWS) < 700, 2.0, 1.0))
    twice = sums(np.vstack([FEATURES, FEATURES[:700]]), np.append(TARGETS, TARGETS[:700]))
    for name in ("counts", "totals", "products", "covariance", "within_labels"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(twice, name), atol=1e-6)
    assert weighted.rows == ROWS


@pytest.mark.parametrize("batches", [2, 7, ROWS // BLOCK, 400])
def test_batches_do_not_change_a_bit(batches):
    whole, parts = sums(), sums(batches=batches)
    for name in ("counts", "totals", "products"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()


def test_sums_of_parts_are_added_and_subtracted():
    whole = sums()
    first, second = (sums(FEATURES[part], TARGETS[part]) for part in (slice(900), slice(900, None)))
    for found, wanted in ((first + second, whole), (whole - first, second)):
        assert found.rows == wanted.rows
        np.testing.assert_allclose(found.products, wanted.products, atol=1e-6)
        np.testing.assert_allclose(found.totals, wanted.totals, atol=1e-6)


def test_constant_features_are_found_up_to_rounding():
    alike, targets = np.repeat(FEATURES[:1], 5, axis=0), np.zeros(5, np.int64)
    assert sums(alike, targets).constant.all()
    assert not sums(FEATURES[:5], targets).constant.all()
