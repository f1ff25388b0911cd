"""Splits: by folder or by a draw that depends on bytes and seed alone."""

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from fruits_kedro import FruitsError
from fruits_kedro.parameters import SplitParameters
from fruits_kedro.photos import split_methods
from fruits_kedro.photos.splits import assign_splits, warnings


def parameters(method: str = "random", stratified: bool = True, seed: int = 42, share: float = 0.2):
    return SplitParameters(method=method, test_share=share, stratified=stratified, seed=seed)


def photographs(*groups: tuple) -> pa.Table:
    """Photographs for each (label, folder's split, number of rows, and source unless images)."""
    rows = [
        {
            "sha256": hashlib.sha256(f"{label} {split} {i} {source}".encode()).hexdigest(),
            "label": label,
            "split": split,
            "source": source[0] if source else "images",
        }
        for label, split, number, *source in groups
        for i in range(number)
    ]
    return pa.Table.from_pylist(rows, pa.schema(dict.fromkeys(rows[0], pa.string())))


def assigned(table: pa.Table, chosen: SplitParameters) -> dict[str, str]:
    splits = assign_splits(table, chosen)[0].to_pylist()
    return dict(zip(table.column("sha256").to_pylist(), splits, strict=True))


def counts(table: pa.Table, splits: pa.Array) -> str:
    """How many rows of each label and split."""
    pairs = Counter(zip(table.column("label").to_pylist(), splits.to_pylist(), strict=True))
    return ", ".join(f"{label} {split} {n}" for (label, split), n in sorted(pairs.items()))


UNSORTED = photographs(("apple", None, 200), ("pear", None, 100), ("fig", None, 1))
FOLDERS = [("a", "train", 6), ("a", "test", 3), ("a", "validation", 2), ("b", "outside", 4)]
OWN = [*FOLDERS[:2], ("c", "test", 2, "own"), ("d", None, 4, "own")]
BY_FOLDERS = "a test 3, a train 6, a validation 2, b outside 4"
WITH_OWN = "a test 3, a train 6, c test 2, d train 4"


@pytest.mark.parametrize(
    ("method", "groups", "used", "expected"),
    [
        # Folders decide, and rows beside them stay outside.
        ("auto", FOLDERS, "folder", BY_FOLDERS),
        ("folder", FOLDERS, "folder", BY_FOLDERS),
        ("auto", [*FOLDERS[:2], ("b", None, 1)], "folder", "a test 3, a train 6, b outside 1"),
        # Validation photographs test if no others do.
        ("auto", [("a", "train", 5), ("b", "validation", 1)], "folder", "a train 5, b test 1"),
        # Where no folder tests, a draw; it looks at folders for validation and outside only.
        ("auto", [("a", "train", 10), ("b", None, 2)], "random", "a test 2, a train 8, b train 2"),
        ("random", FOLDERS, "random", "a test 2, a train 7, a validation 2, b outside 4"),
        # Own photographs train unless their folders say otherwise.
        ("auto", OWN, "folder", WITH_OWN),
        ("folder", OWN, "folder", WITH_OWN),
        ("random", OWN, "random", "a test 2, a train 7, c train 2, d train 4"),
    ],
)
def test_folders_or_a_draw_decide(method, groups, used, expected):
    table = photographs(*groups)
    splits, found = assign_splits(table, parameters(method))
    assert (counts(table, splits), found) == (expected, used)


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


@pytest.mark.parametrize(
    ("table", "share", "expected"),
    [
        (UNSORTED, 0.2, "apple test 40, apple train 160, fig train 1, pear test 20, pear train 80"),
        (photographs(("fig", None, 2)), 0.99, "fig test 1, fig train 1"),
        (photographs(("fig", None, 50)), 0.99, "fig test 49, fig train 1"),
    ],
)
def test_a_stratified_draw_takes_the_share_of_every_label_but_leaves_a_row_to_train(
    table, share, expected
):
    assert counts(table, assign_splits(table, parameters(share=share))[0]) == expected


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
    rows = [("apple", "train", 1), ("apple", "test", 1), ("fig", "train", 1), ("kiwi", "test", 1)]
    rows += [("lime", "outside", 1), ("plum", "validation", 1)]
    untrained, untested = warnings(photographs(*rows))
    assert "2 labels, so they are never predicted: kiwi, plum." in untrained
    assert "2 labels, so no figure covers them: fig, plum." in untested


NEW = """
import pyarrow.compute as pc

def assign(rows, parameters):
    return pc.if_else(pc.equal(rows.column("label"), "pear"), "test", "train").combine_chunks()
"""


def test_a_method_is_added_by_one_file(tmp_path):
    (tmp_path / "pears.py").write_text(NEW)
    table = photographs(("apple", None, 3), ("pear", None, 2))
    split_methods.__path__.append(str(tmp_path))
    SplitParameters.model_rebuild(force=True)
    try:
        splits, _ = assign_splits(table, parameters("pears"))
        assert counts(table, splits) == "apple train 3, pear test 2"
        with pytest.raises(ValueError, match="'auto', 'folder', 'pears' or 'random'"):
            parameters("pairs")
    finally:
        split_methods.__path__.remove(str(tmp_path))
        SplitParameters.model_rebuild(force=True)
