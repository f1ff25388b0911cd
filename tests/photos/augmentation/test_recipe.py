"""Which photographs get copies: as many as a label may have, however the table is ordered."""

import pyarrow as pa
import pytest

from fruits_kedro.photos.augmentation.recipe import choose_copies

TRAIN = pa.table(
    {
        "sha256": [f"few{n}" for n in range(2)] + [f"many{n}" for n in range(9)],
        "label": ["few"] * 2 + ["many"] * 9,
        "path": ["any"] * 11,
    }
)


def chosen(train: pa.Table = TRAIN, copies: int = 2, per_label: int = 5, seed: int = 1) -> set:
    rows = choose_copies(train, copies, per_label, seed).to_pylist()
    found = {(row["sha256"], row["variant"]) for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_label_gets_its_copies_and_first_ones_before_second_ones():
    found = chosen()
    assert {name for name in found if name[0].startswith("few")} == {
        (f"few{n}", variant) for n in range(2) for variant in (1, 2)
    }
    many = {name for name in found if name[0].startswith("many")}
    assert len(many) == 5
    assert {variant for _, variant in many} == {1}


def test_the_columns_are_those_of_variants():
    table = choose_copies(TRAIN, 1, 5, 1)
    assert table.schema.names == ["sha256", "label", "variant"]
    assert table.schema.field("variant").type == pa.int32()


@pytest.mark.parametrize("train", [TRAIN, TRAIN.slice(0, 0)])
def test_no_copies_are_no_rows(train):
    assert choose_copies(train, 0, 5, 1).num_rows == 0
    assert choose_copies(train.slice(0, 0), 2, 5, 1).num_rows == 0


def test_the_seed_decides_and_the_order_of_rows_does_not():
    reverse = TRAIN.take(list(range(TRAIN.num_rows))[::-1])
    assert chosen(reverse) == chosen()
    assert chosen(seed=2) != chosen()


def test_more_copies_add_to_those_that_are_there():
    assert chosen(copies=1, per_label=1000) < chosen(copies=2, per_label=1000)
