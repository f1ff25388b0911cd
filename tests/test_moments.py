"""The moments are those of numpy, and the same to the bit wherever they are added up."""

import numpy as np
import pytest
from feature_tables import SCHEMA, make_features, names, to_table

from fruits_kedro.moments import sum_moments

ON_WORKERS, ON_DRIVER = 0, 1024


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return make_features(3000)


@pytest.fixture(scope="module")
def crowded() -> list[str]:
    """Most in one bucket, so that it has more than one chunk."""
    return ["0" + name[1:] if n % 4 else name for n, name in enumerate(names(3000))]


def halves(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features[:1000], features[1000:]


def bits(moments) -> tuple[int, bytes, bytes]:
    return moments.rows, moments.total.tobytes(), moments.products.tobytes()


@pytest.mark.parametrize("place", [ON_WORKERS, ON_DRIVER])
@pytest.mark.parametrize("unit_length", [False, True])
def test_they_are_numpy_s(spark, features, place, unit_length):
    moments = sum_moments(to_table(spark, features), place, unit_length)
    values = features.astype(np.float64)
    if unit_length:
        values /= np.sqrt((values**2).sum(axis=1, keepdims=True))
    assert moments.unit_length == unit_length
    assert moments.rows == len(features)
    np.testing.assert_allclose(moments.total, values.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(moments.products, values.T @ values, rtol=1e-9, atol=1e-9)
    assert (moments.products == moments.products.T).all()


@pytest.mark.parametrize("place", [ON_WORKERS, ON_DRIVER])
@pytest.mark.parametrize("partitions", [1, 7])
def test_place_partitions_and_row_order_do_not_change_a_bit(
    spark, features, crowded, place, partitions
):
    order = np.random.default_rng(partitions).permutation(len(features))
    shuffled = to_table(spark, features[order], [crowded[n] for n in order])
    here = sum_moments(to_table(spark, features, crowded), ON_WORKERS, True)
    there = sum_moments(shuffled.repartition(partitions), place, True)
    assert bits(here) == bits(there)


@pytest.mark.parametrize("place", [ON_WORKERS, ON_DRIVER])
def test_no_rows_have_no_moments(spark, place):
    assert sum_moments(spark.createDataFrame([], SCHEMA), place, True) is None


def test_sums_add_up(spark, features):
    whole = sum_moments(to_table(spark, features), ON_DRIVER, True)
    first, second = (
        sum_moments(to_table(spark, part), ON_DRIVER, True) for part in halves(features)
    )
    both = first + second
    assert both.rows == whole.rows
    np.testing.assert_allclose(both.total, whole.total)
    np.testing.assert_allclose(both.products, whole.products)


def test_more_than_the_driver_shall_hold_stays_on_the_workers(spark, features, monkeypatch):
    """3,000 rows of 24 numbers are 0.27 MiB."""
    from fruits_kedro import moments

    monkeypatch.setattr(moments, "_on_driver", None)
    assert sum_moments(to_table(spark, features), 0, True).rows == 3000
    with pytest.raises(TypeError):
        sum_moments(to_table(spark, features), 1, True)
