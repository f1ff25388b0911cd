"""What names mean: trees of folders, splits, labels, capture groups, look-alikes."""

import pytest
from corpus import INGESTION
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro.photos.folders import (
    OUTSIDE,
    SPLIT_NAMES,
    clean_label,
    find_rule,
    look_alikes,
    nearest_label,
    parse_capture,
    split_of,
)

PATTERN = INGESTION["capture_pattern"]
TEXT = st.text(st.characters())  # lone surrogates too: names that are no UTF-8
ANY = settings(deadline=None, derandomize=True, database=None, max_examples=80)
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


@ANY
@given(TREES, st.sampled_from([None, 1, 2, -1]))
def test_any_tree_is_read(folders, level):
    rule = find_rule(folders, level)
    for folder in folders:
        meaning = rule.read(folder)
        assert folder[: len(rule.wrapper)] == rule.wrapper
        assert meaning.label is None or meaning.label in folder
        assert meaning.split in {"train", "test", "validation", OUTSIDE, None}
        assert "/".join(folder).endswith(meaning.below.rstrip("/"))


@pytest.mark.parametrize("name", [*SPLIT_NAMES, "Training set", "tests", "Apple", ""])
def test_split_names_are_taken_in_any_case(name):
    spellings = (name, name.upper(), f" {name.title()} ")
    assert {split_of(spelling) for spelling in spellings} == {SPLIT_NAMES.get(name)}


@pytest.mark.parametrize(
    ("path", "capture"),
    [
        ("0_100.jpg", "plain"),
        ("r_9_100.jpg", "r"),
        ("r10_9_100.png", "r10"),
        ("r0_3.jpg", "r0"),
        ("9_100.jpg_large", "plain"),
        ("9.jpg", None),
        ("IMG_2041.jpg", None),
        ("20260102_101112.jpg", None),
        ("train_Lime_001.jpg", None),
        ("x r_9_100.jpg", None),
        ("", None),
        ("camera A/r7_1_100/r_9_100.jpg", "r"),
        ("camera A/r7_1_100/9.jpg", None),
    ],
)
def test_capture_group_of_the_shipped_pattern(path, capture):
    assert parse_capture(path, PATTERN) == capture


@pytest.mark.parametrize(
    ("path", "pattern", "capture"),
    [
        ("camera A/1.jpg", r"([^/]+)/", "camera A"),
        ("1.jpg", r"([^/]+)/", None),
        ("camera A/s2_1.jpg", r"(s\d)_", "s2"),
    ],
)
def test_a_pattern_may_ask_for_folders_below_the_label(path, pattern, capture):
    assert parse_capture(path, pattern) == capture


@pytest.mark.parametrize(
    ("name", "label"),
    [(" Limes ", "Limes"), ("cafe\u0301", "caf\u00e9"), ("APPLE", "APPLE"), ("  ", None)],
)
def test_spaces_and_unicode_form_are_normalised_and_case_is_kept(name, label):
    assert clean_label(name) == label


def test_names_that_look_alike_are_grouped():
    names = ["Apple", "apple ", "Red_Apple", "red apple", "Apple Red 1", "Apple Red 2", "Pear"]
    assert look_alikes(names) == [["Apple", "apple "], ["Red_Apple", "red apple"]]


@pytest.mark.parametrize(
    ("label", "nearest"),
    [("satsumas", "Satsuma"), ("Lime", "Limes"), ("limes", "Limes"), ("Durian", None)],
)
def test_the_nearest_label_is_the_one_spelt_most_like_it(label, nearest):
    assert nearest_label(label, {"Satsuma", "Limes", "Orange", "Lemon"}) == nearest


@ANY
@given(TEXT, st.sampled_from([PATTERN, "([^/]+)/", "(a*)"]))
def test_any_text_has_a_label_and_a_capture_group_or_none(text, pattern):
    label, capture = clean_label(text), parse_capture(text, pattern)
    assert label is None or label == label.strip() == clean_label(label)
    assert capture is None or capture == "plain" or capture in text
