"""How far two sets of features are apart."""

import numpy as np
import pytest

from bench.equality import compare
from bench.stored import Features

ROWS = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]], np.float32)


def test_equal_features_are_not_apart():
    compared = compare(ROWS, ROWS.copy())
    assert compared["largest_difference"] == 0.0
    assert compared["smallest_cosine"] == pytest.approx(1.0)


def test_the_worst_photograph_is_told():
    other = ROWS.copy()
    other[1] = [1.0, 1.0]
    compared = compare(ROWS, other)
    assert compared["largest_difference"] == 1.0
    assert compared["smallest_cosine"] == pytest.approx(np.sqrt(0.5))
    assert compared["median_cosine"] == pytest.approx(1.0)


def test_features_are_found_in_the_order_asked_for():
    features = Features(["a", "b", "c"], ROWS)
    assert np.array_equal(features.of(["c", "a"]), ROWS[[2, 0]])
    with pytest.raises(KeyError):
        features.of(["d"])
