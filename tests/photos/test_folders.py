"""What trees of folders mean: each kind of layout, and any tree at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro.photos.folders import OUTSIDE, Meaning, Shape, find_rule

NAMES = st.sampled_from(["Training", "test", "val", "Apple", "Pear", "camera A", " ", "é"])
TREES = st.sets(st.lists(NAMES, max_size=4).map(tuple), min_size=1, max_size=8)


def tree(*paths: str) -> list[tuple[str, ...]]:
    return [tuple(part for part in path.split("/") if part) for path in paths]


def read(*paths: str, level: int | None = None) -> list[tuple[str | None, str | None]]:
    """Label and split of each folder of a tree."""
    rule = find_rule(tree(*paths), level)
    meanings = [rule.read(folders) for folders in tree(*paths)]
    return [(meaning.label, meaning.split) for meaning in meanings]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["Apple", "Pear"], [("Apple", None), ("Pear", None)]),
        (["Training/Apple", "Test/Apple"], [("Apple", "train"), ("Apple", "test")]),
        (["train/A", "valid/A", "test/A"], [("A", "train"), ("A", "validation"), ("A", "test")]),
        (
            ["Training/Apple/camera A", "Test/Apple/camera B/deep"],
            [("Apple", "train"), ("Apple", "test")],
        ),
        (["Training/Apple", "Training"], [("Apple", "train"), (None, "train")]),
        (["Training/Test", "Test/Test"], [("Test", "train"), ("Test", "test")]),
        (["Apple/camera A", "Pear", ""], [("Apple", None), ("Pear", None), (None, None)]),
        (["Training", "Test"], [(None, "train"), (None, "test")]),
        ([""], [(None, None)]),
        (
            ["Training/Apple", "Test/Apple", "test-multiple_fruits", "unsorted/Apple"],
            [("Apple", "train"), ("Apple", "test"), (None, OUTSIDE), ("Apple", OUTSIDE)],
        ),
        (
            ["100x100/Training/Apple", "original/Test/Pear", "meta"],
            [("Apple", "train"), ("Pear", "test"), (None, OUTSIDE)],
        ),
        (
            ["Apple/train", "Apple/test", "Pear/train"],
            [("Apple", "train"), ("Apple", "test"), ("Pear", "train")],
        ),
        # One folder named like a split, below one label, is a place and no split.
        (["Apple/test", "Pear/a"], [("Apple", None), ("Pear", None)]),
    ],
)
def test_label_and_split_of_each_layout(paths, expected):
    assert read(*paths) == expected


@pytest.mark.parametrize(
    ("paths", "wrapper"),
    [
        (["fruits-360/Training/Apple", "fruits-360/Test/Apple"], ("fruits-360",)),
        (["a/b/Apple", "a/b/Pear/deep"], ("a", "b")),
        (["a/Apple", "a/Pear", "a"], ("a",)),
        (["Apple"], ()),
        (["Training/Apple"], ()),
        (["a/Apple", "a/Pear", ""], ()),
    ],
)
def test_a_folder_around_everything_is_stepped_into(paths, wrapper):
    assert find_rule(tree(*paths)).wrapper == wrapper


@pytest.mark.parametrize(
    ("level", "labels"),
    [
        (None, ["x", "x"]),
        (1, ["x", "x"]),
        (2, ["Apple", "Pear"]),
        (-1, ["Apple", "b"]),
        (3, [None, "b"]),
    ],
)
def test_a_level_names_another_label(level, labels):
    for top in ("", "Training/"):
        paths = [f"{top}x/Apple", f"{top}x/Pear/b", f"{top}y/z"]
        assert [label for label, _ in read(*paths, level=level)][:2] == labels


def test_what_is_below_the_label_is_kept():
    rule = find_rule(tree("Training/Apple/camera A/1", "Test/Apple"))
    assert rule.read(("Training", "Apple", "camera A", "1")) == Meaning(
        "Apple", "train", "Training", "camera A/1/"
    )
    assert rule.shape is Shape.SPLITS_ABOVE


@settings(deadline=None, derandomize=True, database=None, max_examples=80)
@given(TREES, st.sampled_from([None, 1, 2, -1]))
def test_any_tree_is_read(folders, level):
    rule = find_rule(folders, level)
    for folder in folders:
        meaning = rule.read(folder)
        assert folder[: len(rule.wrapper)] == rule.wrapper
        assert meaning.label is None or meaning.label in folder
        assert meaning.split in {"train", "test", "validation", OUTSIDE, None}
        assert "/".join(folder).endswith(meaning.below.rstrip("/"))
