"""How names read: splits, labels, capture groups, look-alikes."""

import re

import pytest
from corpus import INGESTION
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro.photos.labels import (
    SPLIT_NAMES,
    clean_label,
    look_alikes,
    nearest_label,
    parse_capture,
    split_of,
)

PATTERN = INGESTION["capture_pattern"]
TEXT = st.text(st.characters())  # lone surrogates too: names that are no UTF-8
ANY_TEXT = settings(deadline=None, derandomize=True, database=None, max_examples=50)


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (["train", "Training", "TRAIN"], "train"),
        (["test", "Testing", "tEsT"], "test"),
        (["valid", "Validation", "VAL", "dev", "eval"], "validation"),
        (["Training set", "tests", "Apple", "", "test-multiple_fruits"], None),
    ],
)
def test_split_folders_by_name(names, split):
    assert {split_of(name) for name in names} == {split}


@pytest.mark.parametrize(
    ("name", "capture"),
    [
        ("0_100.jpg", "plain"),
        ("123_100.jpg", "plain"),
        ("9_100", "plain"),
        ("r_9_100.jpg", "r"),
        ("r2_9_100.jpg", "r2"),
        ("r10_9_100.png", "r10"),
        ("r0_3.jpg", "r0"),
        ("r1_351.jpg", "r1"),
        ("9_100.jpg_large", "plain"),
        ("9.jpg", None),
        ("IMG_2041.jpg", None),
        ("20260102_101112.jpg", None),
        ("train_Lime_001.jpg", None),
        ("x r_9_100.jpg", None),
        ("", None),
    ],
)
def test_capture_group_of_the_shipped_pattern(name, capture):
    assert parse_capture(name, PATTERN) == capture
    assert parse_capture(f"camera A/r7_1_100/{name}", PATTERN) == capture


@pytest.mark.parametrize(
    ("path", "pattern", "capture"),
    [
        ("camera A/1.jpg", r"([^/]+)/", "camera A"),
        ("1.jpg", r"([^/]+)/", None),
        ("camera A/s2_1.jpg", r"(s\d)_", "s2"),
        ("9_100.jpg", r"(r?)_?\d+", "plain"),
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


@ANY_TEXT
@given(TEXT)
def test_any_text_has_a_label_or_none(name):
    label = clean_label(name)
    assert label is None or label == label.strip() == clean_label(label)


@ANY_TEXT
@given(TEXT, st.sampled_from([PATTERN, "([^/]+)/", "(a*)"]))
def test_any_text_has_a_capture_group_or_none(path, pattern):
    capture = parse_capture(path, pattern)
    assert capture is None or capture == "plain" or capture in path


@ANY_TEXT
@given(st.sampled_from(sorted(SPLIT_NAMES)), st.sampled_from(["upper", "title", "lower"]))
def test_split_names_are_taken_in_any_case(name, case):
    assert split_of(getattr(name, case)()) == SPLIT_NAMES[name]


def test_the_shipped_pattern_has_one_group():
    assert re.compile(PATTERN).groups == 1
