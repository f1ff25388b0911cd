"""Splits: by folder or by a draw that depends on bytes and seed alone."""

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from fruits_kedro import FruitsError
from fruits_kedro.parameters import SplitParameters
from fruits_kedro.photos import split_methods
from fruits_kedro.photos.splits import assign_splits, uncovered_labels, warnings


def parameters(method: str = "random", stratified: bool = True, seed: int = 42, share: float = 0.2):
    return SplitParameters(method=method, test_share=share, stratified=stratified, seed=seed)


def photographs(*groups: tuple) -> pa.Table:
    """Photographs for each (label, folder's split, number of rows), and perhaps source."""
    rows = [
        [
            hashlib.sha256(f"{label} {split} {i} {source}".encode()).hexdigest(),
            label,
            split,
            *source,
        ]
        for label, split, number, *source in groups
        for i in range(number)
    ]
    names = ["sha256", "label", "split", "source"][: len(rows[0])]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.table(columns, names)


def assigned(table: pa.Table, chosen: SplitParameters) -> dict[str, str]:
    splits = assign_splits(table, chosen)[0].to_pylist()
    assert None not in splits
    return dict(zip(table.column("sha256").to_pylist(), splits, strict=True))


def counts(table: pa.Table, chosen: SplitParameters) -> Counter:
    splits = assign_splits(table, chosen)[0].to_pylist()
    return Counter(zip(table.column("label").to_pylist(), splits, strict=True))


IN_FOLDERS = photographs(
    ("apple", "train", 6), ("apple", "test", 3), ("apple", "validation", 2), ("pear", "outside", 4)
)
UNSORTED = photographs(("apple", None, 200), ("pear", None, 100), ("fig", None, 1))


@pytest.mark.parametrize("method", ["auto", "folder"])
def test_folders_decide_and_rows_beside_them_stay_outside(method):
    assert counts(IN_FOLDERS, parameters(method)) == {
        ("apple", "train"): 6,
        ("apple", "test"): 3,
        ("apple", "validation"): 2,
        ("pear", "outside"): 4,
    }
    assert assign_splits(IN_FOLDERS, parameters(method))[1] == "folder"


@pytest.mark.parametrize(
    ("groups", "row"),
    [
        ([("apple", "train", 2), ("apple", "test", 2), ("pear", None, 1)], ("pear", "outside")),
        ([("apple", "train", 5), ("pear", "validation", 1)], ("pear", "test")),
    ],
)
def test_rows_without_a_split_stay_outside_and_validation_tests_if_nothing_else_does(groups, row):
    assert counts(photographs(*groups), parameters("auto"))[row] == 1
    assert assign_splits(photographs(*groups), parameters("auto"))[1] == "folder"


def test_auto_draws_where_no_folder_tests():
    table = photographs(("apple", "train", 10), ("pear", None, 10))
    assert assigned(table, parameters("auto")) == assigned(table, parameters("random"))
    assert assign_splits(table, parameters("auto"))[1] == "random"


def test_a_draw_looks_at_folders_for_validation_and_outside_only():
    assert counts(IN_FOLDERS, parameters()) == {
        ("apple", "train"): 7,
        ("apple", "test"): 2,
        ("apple", "validation"): 2,
        ("pear", "outside"): 4,
    }


@pytest.mark.parametrize("method", ["auto", "folder", "random"])
def test_own_photographs_train_unless_their_folders_say_otherwise(method):
    table = photographs(
        ("apple", "train", 6, "images"),
        ("apple", "test", 3, "images"),
        ("apple", None, 4, "own"),
        ("fig", "test", 2, "own"),
    )
    drawn = assigned(table, parameters(method))
    own = table.filter(pa.compute.equal(table.column("source"), "own"))
    splits = Counter(drawn[sha256] for sha256 in own.column("sha256").to_pylist()[:4])
    assert splits == {"train": 4}


@pytest.mark.parametrize(
    ("groups", "named"),
    [
        ([("apple", None, 3)], "no split"),
        ([("apple", "train", 3)], "train"),
        ([("apple", "test", 3), ("pear", "validation", 1)], "test, validation"),
    ],
)
def test_folder_without_train_and_test_is_an_error(groups, named):
    with pytest.raises(FruitsError, match=f"the folders name {named}:") as error:
        assign_splits(photographs(*groups), parameters("folder"))
    assert "\n" not in error.value.message


@pytest.mark.parametrize("stratified", [True, False])
def test_the_seed_decides_a_draw_and_row_order_does_not(stratified):
    chosen = parameters(stratified=stratified)
    order = np.random.default_rng(1).permutation(UNSORTED.num_rows)
    assert assigned(UNSORTED.take(order), chosen) == assigned(UNSORTED, chosen)
    other = parameters(stratified=stratified, seed=1)
    assert assigned(UNSORTED, other) != assigned(UNSORTED, chosen)


def test_a_draw_is_the_same_on_every_machine():
    drawn = assigned(UNSORTED, parameters())
    tested = sorted(sha256 for sha256, split in drawn.items() if split == "test")
    digest = hashlib.sha256(" ".join(tested).encode()).hexdigest()
    assert digest[:16] == "ea9a199a7ff2ccac"


def test_a_stratified_draw_takes_the_share_of_every_label():
    assert counts(UNSORTED, parameters()) == {
        ("apple", "train"): 160,
        ("apple", "test"): 40,
        ("pear", "train"): 80,
        ("pear", "test"): 20,
        ("fig", "train"): 1,
    }


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_stratified_draw_leaves_each_label_a_train_row(rows):
    table = photographs(("apple", None, rows), ("pear", None, 50))
    drawn = counts(table, parameters(share=0.99))
    assert drawn[("apple", "train")] == 1
    assert drawn[("pear", "train")] == 1


def test_a_plain_draw_takes_about_the_share():
    """Adding photographs leaves the draw of the others."""
    chosen = parameters(stratified=False)
    before = assigned(UNSORTED, chosen)
    drawn = Counter(before.values())
    assert 40 <= drawn["test"] <= 80
    assert drawn["train"] + drawn["test"] == 301
    more = pa.concat_tables([UNSORTED, photographs(("kiwi", None, 50))])
    after = assigned(more, chosen)
    assert {sha256: after[sha256] for sha256 in before} == before


def test_labels_that_nothing_trains_or_tests_are_named():
    rows = photographs(
        ("apple", "train", 1), ("apple", "test", 1), ("fig", "train", 1), ("kiwi", "test", 1)
    )
    rows = pa.concat_tables([rows, photographs(("lime", "outside", 1), ("plum", "validation", 1))])
    assert uncovered_labels(rows) == {"train": ["kiwi", "plum"], "test": ["fig", "plum"]}
    assert [name in warning for warning in warnings(rows) for name in ("kiwi", "fig")] == [
        *(True, False),
        *(False, True),
    ]


NEW = """
import pyarrow.compute as pc

def assign(rows, parameters):
    return pc.if_else(pc.equal(rows.column("label"), "pear"), "test", "train").combine_chunks()
"""


def test_a_method_is_added_by_one_file(tmp_path):
    (tmp_path / "pears.py").write_text(NEW)
    table = photographs(("apple", None, 3), ("pear", None, 2))
    split_methods.__path__.append(str(tmp_path))
    try:
        expected = {("apple", "train"): 3, ("pear", "test"): 2}
        assert counts(table, parameters("pears")) == expected
        with pytest.raises(ValueError, match="'auto', 'folder', 'pears' or 'random'"):
            parameters("pairs")
    finally:
        split_methods.__path__.remove(str(tmp_path))
