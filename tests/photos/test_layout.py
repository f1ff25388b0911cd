"""What is understood of whole folders, as a user brings them."""

from collections import Counter
from pathlib import Path

import pytest
from corpus import INGESTION
from made_folders import write

from fruits_kedro import FruitsError
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.layout import LAYOUT_SCHEMA, Layout, understand
from fruits_kedro.photos.listing import list_files

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@pytest.fixture
def images(tmp_path) -> Path:
    return tmp_path / "images"


def read(images: Path, *own: Path, place: str = "^([^/]+)/", **changes) -> Layout:
    parameters = IngestionParameters(**INGESTION | changes)
    listings = [list_files(str(folder)) for folder in own]
    return understand(list_files(str(images)), listings, parameters, place)


def column(layout: Layout, *names: str) -> list:
    columns = [layout.rows.column(name).to_pylist() for name in names]
    return columns[0] if len(names) == 1 else list(zip(*columns, strict=True))


def warned(layout: Layout, *words: str) -> bool:
    """Whether one warning has all the words."""
    return any(all(word in warning for word in words) for warning in layout.warnings)


def test_rows_have_the_schema_and_every_candidate(images):
    write(images, "Apple/1.jpg", "Apple/2", "Pear/3.HEIC", "4.jpg", "notes.txt", ".hidden/5.jpg")
    layout = read(images)
    assert layout.rows.schema == LAYOUT_SCHEMA
    assert layout.summary["own"] == []
    assert column(layout, "label", "reason", "source") == [
        (None, "no_label", "images"),
        ("Apple", None, "images"),
        ("Apple", None, "images"),
        ("Pear", None, "images"),
    ]
    assert layout.summary["ignored"] == {"hidden": 1, "txt": 1}
    assert layout.summary["no_label"]["photographs"] == 1
    assert warned(layout, "4.jpg")


def test_folders_below_the_label_are_not_labels(images):
    write(images, *(f"{split}/Apple/camera A/{split}.jpg" for split in ("Training", "Test")))
    layout = read(images, capture_pattern="([^/]+)/")
    assert column(layout, "label", "split", "capture") == [
        ("Apple", "test", "camera A"),
        ("Apple", "train", "camera A"),
    ]
    assert layout.summary["folder_depth"] == {"3": 2}
    assert layout.warnings == []


def test_photographs_beside_the_split_folders_are_counted_and_named(images):
    write(images, "Training/Kiwi/1.jpg", "Test/Kiwi/2.jpg", "test-multiple_fruits/3.jpg", "4.jpg")
    layout = read(images)
    assert column(layout, "label", "split") == [
        (None, "outside"),
        ("Kiwi", "test"),
        ("Kiwi", "train"),
        (None, "outside"),
    ]
    assert layout.summary["outside"] == {".": 1, "test-multiple_fruits": 1}
    assert layout.summary["labels"]["number"] == 1
    assert layout.summary["no_label"]["photographs"] == 0
    assert warned(layout, "2 photographs", "test-multiple_fruits (1)")


def test_a_wrapping_folder_is_stepped_into_and_said(images):
    write(images, "fruits-360/100x100/Training/Kiwi/1.jpg", "fruits-360/100x100/Test/Kiwi/2.jpg")
    layout = read(images)
    assert column(layout, "label") == ["Kiwi", "Kiwi"]
    assert layout.summary["wrapped_in"] == "fruits-360/100x100"
    assert any("fruits-360/100x100" in sentence for sentence in layout.sentences)


def test_a_mixed_depth_is_warned_of_without_split_folders(images):
    write(images, "Apple/1.jpg", "Pear/a/2.jpg")
    assert warned(read(images), "1 to 2 folders", "Pear/a", "ingestion.label_level")
    assert column(read(images, label_level=-1), "label") == ["Apple", "a"]


def test_the_same_folders_below_every_label_may_be_the_labels(images):
    write(images, "day1/Apple/1.jpg", "day1/Pear/2.jpg", "day2/Apple/3.jpg", "day2/Pear/4.jpg")
    assert warned(read(images), "Apple, Pear", "ingestion.label_level=-1")
    assert set(column(read(images, label_level=-1), "label")) == {"Apple", "Pear"}
    for level in (1, -1):
        assert not read(images, label_level=level).warnings


def test_labels_that_look_alike_are_one_warning(images):
    write(images, "Apple/1.jpg", "apple/2.jpg", "Limes/3.jpg", "Limes /4.jpg", "cafe\u0301/5.jpg")
    write(images, "caf\u00e9/6.jpg")
    layout = read(images)
    assert sorted(Counter(column(layout, "label")).items()) == [
        ("Apple", 1),
        ("Limes", 2),
        ("apple", 1),
        ("caf\u00e9", 2),
    ]
    assert len(layout.warnings) == 1
    assert warned(layout, "'Apple' and 'apple' stay apart", "'Limes' and 'Limes ' are one label")
    assert len(layout.summary["look_alikes"]) == 3


def test_a_label_folder_of_which_nothing_is_taken_is_named(images):
    write(images, "Apple/1.jpg", "Pear/1.mp4", "Pear/2.mp4", "Apple/2.txt", "top.txt")
    layout = read(images)
    assert layout.summary["ignored_labels"] == {"Pear": 2}
    assert warned(layout, "Pear (2)", "ingestion.ignored_extensions")


def test_names_that_are_no_utf8_have_their_reason(images):
    write(images, "Apple/1.jpg", "Apple/caf\udce9.jpg")
    assert column(read(images), "reason") == [None, "name_not_utf8"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("1.jpg", r"labels\.csv"), ("Apple/notes.txt", r"no photographs.*1 other files")],
)
def test_a_folder_without_labels_or_photographs_is_an_error(images, name, words):
    write(images, name)
    with pytest.raises(FruitsError, match=words):
        read(images)


# --- a table of labels ----------------------------------------------------------------------------


def test_a_table_of_labels_at_the_top_is_taken(images):
    write(images, "photos/1.jpg", "photos/2.jpg", "photos/3.jpg")
    (images / "labels.csv").write_text(
        "Path,Label,Split,Capture\n"
        "photos/1.jpg,Apple ,Training,a\nphotos/2.jpg,Pear,holdout,\nphotos/9.jpg,Fig,test,b\n"
    )
    layout = read(images)
    assert column(layout, "label", "split", "capture", "reason") == [
        ("Apple", "train", "a", None),
        ("Pear", "outside", None, None),
        (None, None, None, "no_label"),
    ]
    table = layout.summary["labels_table"]
    assert (table["rows"], table["missing"], table["superfluous"]) == (3, 1, 1)
    assert warned(layout, "1 photographs have no row", "photos/3.jpg")
    assert warned(layout, "1 rows", "photos/9.jpg")
    assert warned(layout, "holdout")


@pytest.mark.parametrize(
    "text",
    [
        "filename;class\n1.jpg;Apple\n2.jpg;Pear\n",
        "\ufefffile_name\tlabel\r\n./a/1.jpg\tApple\r\na\\2.jpg\tPear\r\n",
        'image,label\n"{images}/a/1.jpg",Apple\n"{images}/a/2.jpg",Pear\n',
    ],
)
def test_a_table_may_be_written_in_other_ways(images, tmp_path, text):
    write(images, "a/1.jpg", "a/2.jpg")
    table = tmp_path / "table.csv"
    table.write_text(text.replace("{images}", str(images)))
    layout = read(images, labels_table=str(table))
    assert column(layout, "label") == ["Apple", "Pear"]
    assert layout.warnings == []


def test_two_labels_of_one_file_are_a_conflict(images):
    write(images, "1.jpg", "2.jpg")
    (images / "labels.csv").write_text(
        "path,label\n1.jpg,Apple\n1.jpg,Pear\n2.jpg,Fig\n2.jpg,Fig\n"
    )
    layout = read(images)
    assert column(layout, "reason") == ["label_conflict", None]
    assert warned(layout, "1 photographs have two labels")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,label\n1.jpg,Apple\n", "id, label"),
        ("path,label\n9.jpg,Apple\n", "Apple/1.jpg"),
        ("", "read"),
    ],
)
def test_a_table_that_cannot_be_used_is_an_error(images, tmp_path, text, words):
    write(images, "Apple/1.jpg")
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(FruitsError, match=words):
        read(images, labels_table=str(tmp_path / "table.csv"))


@pytest.mark.parametrize("text", ["id,name\n1,Apple\n", "path,label\n9.jpg,Fig\n", "\xff,\n"])
def test_another_kind_of_labels_csv_is_warned_of_and_not_used(images, text):
    write(images, "Apple/1.jpg", "Pear/1.jpg")
    (images / "labels.csv").write_text(text, encoding="latin-1")
    layout = read(images)
    assert column(layout, "label") == ["Apple", "Pear"]
    assert warned(layout, "labels.csv", "not used")


# --- own photographs ------------------------------------------------------------------------------


def test_own_photographs_have_a_source_and_a_place(images, tmp_path):
    write(images, "Training/Limes/r_1_100.jpg", "Test/Limes/2_100.jpg")
    shop = tmp_path / "shop"
    write(shop, "Limes/kitchen/1.jpg", "Limes/2.jpg", "satsumas /3.jpg", "Lime/4.jpg")
    layout = read(images, shop)
    assert column(layout, "label", "split", "capture", "place", "source") == [
        ("Limes", "test", "plain", None, "images"),
        ("Limes", "train", "r", None, "images"),
        ("Lime", None, None, "shop", "own"),
        ("Limes", None, None, "shop", "own"),
        ("Limes", None, None, "kitchen", "own"),
        ("satsumas", None, None, "shop", "own"),
    ]
    [own] = layout.summary["own"]
    assert own["places"] == {"kitchen": 1, "shop": 3}
    assert own["new_labels"] == {"Lime": "Limes", "satsumas": None}
    assert warned(layout, "Lime (did you mean Limes?)")
    assert warned(layout, "new labels: satsumas")


def test_names_of_own_photographs_may_tell_their_place(images, tmp_path):
    write(images, "Apple/1.jpg", "Pear/1.jpg")
    write(tmp_path / "own", "Apple/market_1.jpg", "Apple/home_1.jpg", "Apple/2.jpg")
    layout = read(images, tmp_path / "own", place=r"^([a-z]+)_\d")
    assert column(layout, "place")[2:] == ["own", "home", "market"]


# --- what people met ------------------------------------------------------------------------------


@pytest.mark.skipif(not CASES.is_dir(), reason="the inputs beside the project are not here")
@pytest.mark.parametrize(
    ("case", "labels", "splits", "captures"),
    [
        ("nested_split", 4, {"test": 32, "train": 80}, {"plain", "r"}),
        ("roboflow", 4, {"test": 24, "train": 64, "validation": 24}, {"plain", "r"}),
        ("fruits360_root", 4, {"outside": 12, "test": 32, "train": 80}, {"plain", "r"}),
        ("origsize", 4, {"test": 24, "train": 64, "validation": 24}, {"r0", "r1"}),
        ("heic_some", 4, {}, set()),
        ("ext", 4, {}, {"plain"}),
        ("csvlabels", 4, {}, set()),
    ],
)
def test_the_inputs_of_public_reports(case, labels, splits, captures):
    summary = read(CASES / case).summary
    assert summary["labels"]["number"] == labels
    assert summary["splits"]["photographs"] == splits
    assert set(summary["capture_groups"]) == captures
