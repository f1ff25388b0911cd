"""The moments are those of numpy, and the same to the bit wherever they are added up."""

import numpy as np
import pyarrow as pa
import pytest
from feature_tables import SCHEMA, make_features, names, to_table

from fruits_kedro.model.moments import sum_moments, sum_table_moments

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


def bits(moments) -> tuple[bytes, bytes, bytes]:
    return moments.counts.tobytes(), moments.totals.tobytes(), moments.products.tobytes()


def labelled(spark, features: np.ndarray, labels: np.ndarray):
    """Rows with a label each."""
    columns = {"sha256": names(len(features)), "features": features.tolist(), "label": labels}
    return spark.createDataFrame(pa.table(columns), f"{SCHEMA}, label string")


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
    first = "substring(sha256, 9, 1) as label"
    digits = list("0123456789abcdef")
    here = to_table(spark, features, crowded).selectExpr("*", first)
    there = shuffled.repartition(partitions).selectExpr("*", first)
    ours, theirs = (
        sum_moments(rows, where, True, digits)
        for rows, where in ((here, ON_WORKERS), (there, place))
    )
    assert bits(ours) == bits(theirs)
    assert (ours.counts > 0).sum() > 2


@pytest.mark.parametrize("place", [ON_WORKERS, ON_DRIVER])
def test_the_covariance_within_labels_is_numpy_s(spark, features, place):
    labels = np.array(["a", "b", "c"])[np.arange(3000) % 3]
    moments = sum_moments(labelled(spark, features, labels), place, False, ["a", "b", "c"])
    centred = features.astype(np.float64)
    for label in "abc":
        centred[labels == label] -= centred[labels == label].mean(axis=0)
    assert moments.counts.tolist() == [1000, 1000, 1000]
    within = centred.T @ centred / len(centred)
    np.testing.assert_allclose(moments.within_labels, within, rtol=1e-6, atol=1e-6)


def test_a_label_without_rows_changes_nothing(spark, features):
    table = labelled(spark, features[:50], np.repeat(["a", "b"], 25)).toArrow()
    some = sum_table_moments(table, True, ["a", "b"])
    more = sum_table_moments(table, True, ["a", "aa", "b"])
    assert more.counts.tolist() == [25, 0, 25]
    np.testing.assert_allclose(more.within_labels, some.within_labels, atol=1e-15)


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
    from fruits_kedro.model import moments

    monkeypatch.setattr(moments, "_on_driver", None)
    assert sum_moments(to_table(spark, features), 0, True).rows == 3000
    with pytest.raises(TypeError):
        sum_moments(to_table(spark, features), 1, True)
