"""Features are found on the driver as they are on the workers."""

import pytest
from feature_tables import make_features, names

from fruits_kedro.model.features import features_on_driver, present_features
from fruits_kedro.storage.schemas import FEATURES, SPLITS
from fruits_kedro.storage.stored_rows import remember_parts

ROWS = 40
MINE = "mine"


@pytest.fixture(scope="module")
def features(spark, tmp_path_factory):
    """Mine, those of another backbone, of an augmented copy, and a failure, as a stored table."""
    values = make_features(ROWS).tolist()
    rows = []
    for n, (name, numbers) in enumerate(zip(names(ROWS), values, strict=True)):
        for fingerprint, variant in ((MINE, 0), ("other", 0), (MINE, 1)):
            rows.append((name, f"/old/{n}", "old", None, fingerprint, variant, numbers, None))
    rows[0] = (*rows[0][:6], None, "undecodable")
    folder = str(tmp_path_factory.mktemp("features") / "part")
    spark.createDataFrame(rows, FEATURES).repartition(3).write.parquet(folder)
    return remember_parts(spark.read.schema(FEATURES).parquet(folder), [folder])


@pytest.fixture(scope="module")
def present(spark):
    """Every second photograph under a new name, and one whose features nobody computed."""
    rows = [(f"/new/{n}", "new", "train", name) for n, name in enumerate(names(ROWS))][::2]
    return spark.createDataFrame([*rows, ("/new/x", "new", "test", "unknown")], SPLITS)


def test_they_are_the_same_rows(features, present):
    on_workers = present_features(features, present, MINE).orderBy("path").toArrow()
    on_driver = features_on_driver(features, present, MINE, 1).sort_by("path")
    assert on_driver.num_rows == ROWS // 2 - 1
    chosen = on_driver.select(on_workers.column_names).cast(on_workers.schema)
    assert chosen.combine_chunks().equals(on_workers.combine_chunks())


def test_more_than_the_driver_shall_hold_is_not_read(features, present):
    assert features_on_driver(features, present, MINE, 0) is None


def test_features_that_are_not_stored_are_not_read(features, present):
    assert features_on_driver(features.filter("variant = 0"), present, MINE, 1) is None
