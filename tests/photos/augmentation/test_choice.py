"""Which photographs get copies: train rows alone, however the table is partitioned."""

import pytest
from fruits_kedro.photos.augmentation.choice import choose_copies

from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.storage.schemas import SPLITS, VARIANTS


def parameters(**changed) -> AugmentationParameters:
    values = {
        "copies": 2,
        "per_label": 5,
        "photograph_share": 0.5,
        "studio_share": 0.2,
        "light": 1,
        "seed": 1,
    }
    return AugmentationParameters(**values | changed)


@pytest.fixture(scope="module")
def splits(spark):
    rows = [
        (f"/{label}/{n}", label, split, f"{label}{split}{n}")
        for label, count in (("few", 2), ("many", 9))
        for split in ("train", "test", "validation")
        for n in range(count)
    ]
    return spark.createDataFrame(rows, SPLITS).cache()


def chosen(splits, **changed) -> set[tuple[str, int]]:
    rows = choose_copies(splits, parameters(**changed), "fingerprint").collect()
    assert len({(row.sha256, row.variant) for row in rows}) == len(rows)
    return {(row.sha256, row.variant) for row in rows}


def test_every_train_row_gets_its_copies_up_to_the_label_s_limit(splits):
    rows = choose_copies(splits, parameters(), "fingerprint")
    assert [(f.name, f.dataType.simpleString()) for f in rows.schema.fields] == [
        tuple(column.split()) for column in VARIANTS.split(", ")
    ]
    found = chosen(splits)
    assert {name for name in found if name[0].startswith("few")} == {
        (f"fewtrain{n}", variant) for n in range(2) for variant in (1, 2)
    }
    many = {name for name in found if name[0].startswith("many")}
    assert len(many) == 5
    assert {variant for _, variant in many} == {1}


def test_rows_that_do_not_train_get_none(splits):
    assert all("train" in sha256 for sha256, _ in chosen(splits, copies=3, per_label=1000))


def test_no_copies_are_none(splits):
    assert chosen(splits, copies=0) == set()


@pytest.mark.parametrize("partitions", [1, 5])
def test_partitions_do_not_decide_and_the_seed_does(splits, partitions):
    assert chosen(splits.repartition(partitions)) == chosen(splits)
    assert chosen(splits, seed=2) != chosen(splits)


def test_more_copies_add_to_those_that_are_there(splits):
    assert chosen(splits, copies=1, per_label=1000) < chosen(splits, copies=2, per_label=1000)
