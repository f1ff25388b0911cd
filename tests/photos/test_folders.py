"""What names mean: trees of folders, splits, labels, capture groups, look-alikes."""

from collections.abc import Iterable

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


def tree(paths: Iterable[str]) -> list[tuple[str, ...]]:
    return [tuple(part for part in path.split("/") if part) for path in paths]


@pytest.mark.parametrize(
    "layout",
    [
        {"Apple": "Apple None", "Pear": "Pear None"},
        {"Training/Apple": "Apple train", "Test/Apple": "Apple test"},
        {"train/A": "A train", "valid/A": "A validation", "test/A": "A test"},
        {"Training/Apple/camera A": "Apple train", "Test/Apple/camera B/deep": "Apple test"},
        {"Training/Apple": "Apple train", "Training": "None train"},
        {"Training/Test": "Test train", "Test/Test": "Test test"},
        {"Apple/camera A": "Apple None", "Pear": "Pear None", "": "None None"},
        {"Training": "None train", "Test": "None test"},
        {"": "None None"},
        {
            **{"Training/Apple": "Apple train", "Test/Apple": "Apple test"},
            **{"test-multiple_fruits": "None outside", "unsorted/Apple": "Apple outside"},
        },
        {
            **{"100x100/Training/Apple": "Apple train", "original/Test/Pear": "Pear test"},
            "meta": "None outside",
        },
        {"Apple/train": "Apple train", "Apple/test": "Apple test", "Pear/train": "Pear train"},
        # One folder named like a split, below one label, is a place and no split.
        {"Apple/test": "Apple None", "Pear/a": "Pear None"},
    ],
)
def test_label_and_split_of_each_layout(layout):
    rule = find_rule(tree(layout))
    meanings = [rule.read(folders) for folders in tree(layout)]
    assert [f"{meaning.label} {meaning.split}" for meaning in meanings] == [*layout.values()]


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
    assert find_rule(tree(paths)).wrapper == wrapper


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
        folders = tree([f"{top}x/Apple", f"{top}x/Pear/b", f"{top}y/z"])
        rule = find_rule(folders, level)
        assert [rule.read(one).label for one in folders[:2]] == labels


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
    ("path", "pattern", "capture"),
    [
        ("0_100.jpg", PATTERN, "plain"),
        ("r_9_100.jpg", PATTERN, "r"),
        ("r10_9_100.png", PATTERN, "r10"),
        ("r0_3.jpg", PATTERN, "r0"),
        ("9_100.jpg_large", PATTERN, "plain"),
        *((name, PATTERN, None) for name in ("9.jpg", "IMG_2041.jpg", "20260102_101112.jpg", "")),
        *((name, PATTERN, None) for name in ("train_Lime_001.jpg", "x r_9_100.jpg")),
        ("camera A/r7_1_100/r_9_100.jpg", PATTERN, "r"),
        ("camera A/r7_1_100/9.jpg", PATTERN, None),
        # A pattern may ask for folders below the label.
        ("camera A/1.jpg", r"([^/]+)/", "camera A"),
        ("1.jpg", r"([^/]+)/", None),
        ("camera A/s2_1.jpg", r"(s\d)_", "s2"),
    ],
)
def test_capture_group_of_a_pattern(path, pattern, capture):
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
