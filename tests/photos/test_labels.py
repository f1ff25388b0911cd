"""What a path says: tables of paths, and any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits_kedro.photos.labels import SPLIT_FOLDERS, parse_capture, parse_label, parse_split

FRUITS_360 = r"(?:(r\d*)_)?\d+_100\."
"""Names of Fruits-360: ``r_9_100.jpg`` and ``r2_9_100.jpg`` are frames of other turns."""

TEXT = st.text(st.characters())  # lone surrogates too: names that are no UTF-8
PATHS = st.lists(TEXT | st.sampled_from(["Training", "test", "..", "", "."]), max_size=5).map(
    "/".join
)
ANY_TEXT = settings(deadline=None, derandomize=True, database=None, max_examples=300)


@pytest.mark.parametrize(
    ("path", "label", "split"),
    [
        ("Training/Apple/0_100.jpg", "Apple", "train"),
        ("train/Apple/0_100.jpg", "Apple", "train"),
        ("Test/Apple/0_100.jpg", "Apple", "test"),
        ("Validation/Apple/0_100.jpg", "Apple", "validation"),
        ("val/Apple/0_100.jpg", "Apple", "validation"),
        ("TRAINING/Apple/0_100.jpg", "Apple", "train"),
        ("tEsT/Apple/0_100.jpg", "Apple", "test"),
        ("Apple/0_100.jpg", "Apple", None),
        ("fruits-360/Training/Apple/0_100.jpg", "Apple", "train"),
        ("Training/Red/Apple/0_100.jpg", "Apple", None),
        ("Training/Apple Red 1/0_100.jpg", "Apple Red 1", "train"),
        ("Training/_Folder/_x.jpg", "_Folder", "train"),
        ("Training/a\nb/x\n.jpg", "a\nb", "train"),
        ("Training/a:b#c?d%20e/x.jpg", "a:b#c?d%20e", "train"),
        ("Training/x.jpg/in it.jpg", "x.jpg", "train"),
        ("Training/\u00c4pfel \N{RED APPLE}/x.jpg", "\u00c4pfel \N{RED APPLE}", "train"),
        ("Training/Test/0_100.jpg", "Test", "train"),
        ("Training set/Apple/0_100.jpg", "Apple", None),
        ("0_100.jpg", None, None),
        ("Training/0_100.jpg", None, None),
        ("test/0_100.jpg", None, None),
        ("VAL/0_100.jpg", None, None),
    ],
)
def test_label_and_split_of_a_path(path, label, split):
    assert (parse_label(path), parse_split(path)) == (label, split)


def test_a_split_folder_is_no_label_wherever_it_lies():
    """An archive's own folder is often left around the split folders."""
    assert parse_label("fruits-360/Training/0_100.jpg") is None


@pytest.mark.parametrize(
    ("name", "capture"),
    [
        ("0_100.jpg", "plain"),
        ("123_100.jpg", "plain"),
        ("r_9_100.jpg", "r"),
        ("r2_9_100.jpg", "r2"),
        ("r10_9_100.png", "r10"),
        ("9_100", None),
        ("IMG_2041.jpg", None),
        ("x r_9_100.jpg", None),
        ("", None),
    ],
)
def test_capture_group_of_a_name(name, capture):
    assert parse_capture(name, FRUITS_360) == capture
    assert parse_capture(f"/photos/r7_1_100.jpg/{name}", FRUITS_360) == capture


def test_a_group_that_matches_no_text_is_plain():
    assert parse_capture("9_100.jpg", r"(r?)_?\d+") == "plain"


@ANY_TEXT
@given(TEXT | PATHS)
def test_any_text_has_a_label_or_none(path):
    label = parse_label(path)
    assert label is None or label in path.split("/")[:-1]
    assert label is None or "/" not in label


@ANY_TEXT
@given(TEXT | PATHS)
def test_any_text_has_a_split_or_none(path):
    assert parse_split(path) in {*SPLIT_FOLDERS.values(), None}


@ANY_TEXT
@given(TEXT | PATHS)
def test_any_text_has_a_capture_group_or_none(path):
    capture = parse_capture(path, FRUITS_360)
    assert capture is None or capture == "plain" or capture in path.rsplit("/", 1)[-1]


@ANY_TEXT
@given(st.sampled_from(sorted(SPLIT_FOLDERS)), st.text("Apple é/ ", min_size=1).map(str.strip))
def test_a_folder_below_a_split_folder_is_a_label(folder, label):
    name = label.replace("/", "") or "Apple"
    path = f"{folder.title()}/{name}/0_100.jpg"
    assert (parse_label(path), parse_split(path)) == (name, SPLIT_FOLDERS[folder])
