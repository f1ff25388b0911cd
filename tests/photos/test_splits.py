"""Splits: by folder or by a draw that depends on bytes and seed alone."""

import hashlib
from collections import Counter

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.parameters import SplitParameters
from fruits_kedro.photos import split_methods
from fruits_kedro.photos.splits import assign_splits

SCHEMA = "sha256 string, label string, split string"


def parameters(method: str = "random", stratified: bool = True, seed: int = 42, share: float = 0.2):
    return SplitParameters(method=method, test_share=share, stratified=stratified, seed=seed)


def photographs(spark, *groups: tuple[str, str | None, int]):
    """A table of ``rows`` photographs for each (label, folder's split, rows)."""
    rows = [
        (hashlib.sha256(f"{label} {split} {i}".encode()).hexdigest(), label, split)
        for label, split, number in groups
        for i in range(number)
    ]
    return spark.createDataFrame(rows, SCHEMA)


def assigned(table, chosen: SplitParameters) -> dict[str, str]:
    return {row.sha256: row.split for row in assign_splits(table, chosen)[0].collect()}


def counts(table, chosen: SplitParameters) -> Counter:
    rows = assign_splits(table, chosen)[0].collect()
    return Counter((row.label, row.split) for row in rows)


@pytest.fixture(scope="module")
def in_folders(spark):
    return photographs(
        spark,
        ("apple", "train", 6),
        ("apple", "test", 3),
        ("apple", "validation", 2),
        ("pear", None, 4),
    ).cache()


@pytest.fixture(scope="module")
def unsorted(spark):
    return photographs(spark, ("apple", None, 200), ("pear", None, 100), ("fig", None, 1)).cache()


@pytest.mark.parametrize("method", ["auto", "folder"])
def test_folders_decide_and_rows_outside_of_them_train(in_folders, method):
    assert counts(in_folders, parameters(method)) == {
        ("apple", "train"): 6,
        ("apple", "test"): 3,
        ("apple", "validation"): 2,
        ("pear", "train"): 4,
    }
    assert assign_splits(in_folders, parameters(method))[1] == "folder"


def test_auto_draws_where_no_folder_tests(spark):
    table = photographs(spark, ("apple", "train", 10), ("pear", None, 10))
    assert assigned(table, parameters("auto")) == assigned(table, parameters("random"))
    assert assign_splits(table, parameters("auto"))[1] == "random"


def test_a_draw_does_not_look_at_folders(in_folders):
    assert counts(in_folders, parameters())[("apple", "test")] == 2
    assert assign_splits(in_folders, parameters())[1] == "random"


@pytest.mark.parametrize(
    ("groups", "named"),
    [
        ([("apple", None, 3)], "no split"),
        ([("apple", "train", 3)], "train"),
        ([("apple", "test", 3), ("pear", "validation", 1)], "test, validation"),
    ],
)
def test_folder_without_train_and_test_is_told(spark, groups, named):
    with pytest.raises(FruitsError, match=f"the folders name {named}:") as error:
        assign_splits(photographs(spark, *groups), parameters("folder"))
    assert "\n" not in error.value.message


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("partitions", [1, 3, 7])
def test_a_draw_does_not_depend_on_partitions_or_row_order(unsorted, stratified, partitions):
    chosen = parameters(stratified=stratified)
    shuffled = unsorted.orderBy("sha256", ascending=False).repartition(partitions)
    assert assigned(shuffled, chosen) == assigned(unsorted, chosen)


@pytest.mark.parametrize("stratified", [True, False])
def test_another_seed_draws_others(unsorted, stratified):
    draws = [assigned(unsorted, parameters(stratified=stratified, seed=s)) for s in (1, 2)]
    assert draws[0] != draws[1]


def test_a_stratified_draw_takes_the_share_of_every_label(unsorted):
    assert counts(unsorted, parameters()) == {
        ("apple", "train"): 160,
        ("apple", "test"): 40,
        ("pear", "train"): 80,
        ("pear", "test"): 20,
        ("fig", "train"): 1,
    }


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_stratified_draw_leaves_each_label_a_train_row(spark, rows):
    table = photographs(spark, ("apple", None, rows), ("pear", None, 50))
    drawn = counts(table, parameters(share=0.99))
    assert drawn[("apple", "train")] == 1
    assert drawn[("pear", "train")] == 1


def test_a_plain_draw_takes_about_the_share(unsorted):
    drawn = Counter(assigned(unsorted, parameters(stratified=False)).values())
    assert 40 <= drawn["test"] <= 80
    assert drawn["train"] + drawn["test"] == 301


def test_adding_photographs_leaves_a_plain_draw_of_the_others(spark, unsorted):
    chosen = parameters(stratified=False)
    before = assigned(unsorted, chosen)
    after = assigned(unsorted.union(photographs(spark, ("kiwi", None, 50))), chosen)
    assert {sha256: after[sha256] for sha256 in before} == before


NEW = """
from pyspark.sql import functions as F

def assign(photographs, parameters):
    return photographs.withColumn("split", F.expr("if(label = 'pear', 'test', 'train')"))
"""


def test_a_method_is_added_by_one_file(in_folders, tmp_path, monkeypatch):
    (tmp_path / "pears.py").write_text(NEW)
    monkeypatch.setattr(split_methods, "__path__", [*split_methods.__path__, str(tmp_path)])
    expected = {("apple", "train"): 11, ("pear", "test"): 4}
    assert counts(in_folders, parameters("pears")) == expected
    with pytest.raises(ValueError, match="'auto', 'folder', 'pears' or 'random'"):
        parameters("pairs")
