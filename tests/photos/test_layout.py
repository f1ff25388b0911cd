"""What is understood of whole folders, as a user brings them."""

from collections import Counter
from pathlib import Path

import pytest
from corpus import INGESTION
from made_folders import write

from fruits_kedro import FruitsError
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.layout import LAYOUT_SCHEMA, understand
from fruits_kedro.photos.listing import list_files

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@pytest.fixture
def images(tmp_path) -> Path:
    return tmp_path / "images"


class Layout:
    """What is understood of folders."""

    def __init__(self, images: Path, *own: Path, place: str = "^([^/]+)/", **changes) -> None:
        parameters = IngestionParameters(**INGESTION | changes)
        listings = [list_files(str(folder)) for folder in own]
        self.rows, self.said = understand(list_files(str(images)), listings, parameters, place)

    def column(self, *names: str) -> list:
        columns = [self.rows.column(name).to_pylist() for name in names]
        return columns[0] if len(names) == 1 else list(zip(*columns, strict=True))

    def warns(self, *words: str) -> bool:
        """Whether one warning has all the words."""
        return any(all(word in warning for word in words) for warning in self.said["warnings"])

    def says(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said["sentences"])


def test_rows_have_the_schema_and_every_candidate(images):
    write(images, "Apple/1.jpg", "Apple/2", "Pear/3.HEIC", "4.jpg", "notes.txt", ".hidden/5.jpg")
    write(images, "Apple/caf\udce9.jpg", "Apple/6.mp4", "Fig/7.mp4")
    layout = Layout(images)
    assert layout.rows.schema == LAYOUT_SCHEMA
    assert layout.column("label", "reason", "source") == [
        (None, "no_label", "images"),
        ("Apple", None, "images"),
        ("Apple", None, "images"),
        ("Apple", "name_not_utf8", "images"),
        ("Pear", None, "images"),
    ]
    assert (layout.said["listed"], layout.said["ignored_labels"]) == (9, {"Fig": 1})
    assert layout.said["ignored"] == {"hidden": 1, "mp4": 2, "txt": 1}


def test_folders_around_and_below_the_labels_are_no_labels(images):
    for split in ("Training", "Test"):
        write(images, f"fruits-360/100x100/{split}/Apple/camera A/{split}.jpg")
    layout = Layout(images, capture_pattern="([^/]+)/")
    assert layout.column("label", "split", "capture") == [
        ("Apple", "test", "camera A"),
        ("Apple", "train", "camera A"),
    ]
    assert layout.says("read from fruits-360/100x100,")
    assert layout.says("2 photographs, 3 folders deep; 1 labels")
    assert layout.said["warnings"] == []


BESIDE = ["Training/Kiwi/1.jpg", "Test/Kiwi/2.jpg", "test-multiple_fruits/3.jpg", "4.jpg"]
DEEPER = ["Apple/1.jpg", "Pear/a/2.jpg"]
DAYS = ["day1/Apple/1.jpg", "day1/Pear/2.jpg", "day2/Apple/3.jpg", "day2/Pear/4.jpg"]
ALIKE = ["Apple/1.jpg", "apple/2.jpg", "Limes/3.jpg", "Limes /4.jpg", "cafe\u0301/5.jpg"]
IGNORED = ["Apple/1.jpg", "Pear/1.mp4", "Pear/2.mp4", "Apple/2.txt", "top.txt"]


@pytest.mark.parametrize(
    ("names", "level", "labels", "warned"),
    [
        (BESIDE, None, [None, "Kiwi", "Kiwi", None], ". (1), test-multiple_fruits (1)"),
        (DEEPER, None, ["Apple", "Pear"], "1 to 2 folders deep, such as Pear/a"),
        (DEEPER, -1, ["Apple", "a"], "ingestion.label_level"),
        # The same folders below every label may be the labels.
        (DAYS, None, ["day1", "day1", "day2", "day2"], "Apple, Pear: if those are the labels"),
        (DAYS, 1, ["day1", "day1", "day2", "day2"], None),
        (DAYS, -1, ["Apple", "Pear", "Apple", "Pear"], None),
        ([*DAYS, "day3/Fig/5.jpg"], None, ["day1", "day1", "day2", "day2", "day3"], None),
        (
            *([*ALIKE, "caf\u00e9/6.jpg"], None),
            ["Apple", "Limes", "Limes", "apple", "caf\u00e9", "caf\u00e9"],
            "'Apple' and 'apple' stay apart, 'Limes' and 'Limes ' are one label",
        ),
        (IGNORED, None, ["Apple"], "Pear (2)"),
        (["top/Apple/1.jpg", "top/Pear/2.jpg", "docs/x/a.txt"], None, ["Apple", "Pear"], None),
        (["Apple/1.jpg", "4.jpg"], None, [None, "Apple"], "1 files are in no label folder"),
        (["Apple/1.jpg", "Apple/labels.csv", "Pear/2.jpg"], None, ["Apple", "Pear"], None),
    ],
)
def test_what_a_user_should_look_at_is_one_warning(images, names, level, labels, warned):
    write(images, *names)
    layout = Layout(images, label_level=level)
    assert layout.column("label") == labels
    assert [warned in warning for warning in layout.said["warnings"]] == [True] * bool(warned)


@pytest.mark.parametrize(
    ("name", "words"),
    [("1.jpg", r"labels\.csv"), ("Apple/notes.txt", r"no photographs.*1 other files")],
)
def test_a_folder_without_labels_or_photographs_is_an_error(images, name, words):
    write(images, name)
    with pytest.raises(FruitsError, match=words):
        Layout(images)


# --- a table of labels ----------------------------------------------------------------------------


def test_a_table_of_labels_at_the_top_is_taken(images):
    write(images, *(f"photos/{number}.jpg" for number in range(1, 5)))
    (images / "labels.csv").write_text(
        "Path,Label,Split,Capture\n"
        "photos/1.jpg,Apple ,Training,a\nphotos/1.jpg,Apple,Training,a\n"
        "photos/2.jpg,Pear,holdout,\nphotos/9.jpg,Fig,test,b\n"
        "photos/4.jpg,Apple,test,b\nphotos/4.jpg,Pear,test,b\n"
    )
    layout = Layout(images)
    assert layout.column("label", "split", "capture", "reason") == [
        ("Apple", "train", "a", None),
        ("Pear", "outside", None, None),
        (None, None, None, "no_label"),
        ("Apple", "test", "b", "label_conflict"),
    ]
    assert layout.warns("1 photographs have no row", "photos/3.jpg")
    assert layout.warns("1 rows", "photos/9.jpg")
    assert layout.warns("1 photographs have two labels")
    assert layout.warns("holdout")
    assert len(layout.said["warnings"]) == 4


def test_a_table_counts_before_the_folders(images):
    write(images, "Training/a/1.jpg", "Test/a/2.jpg", "beside/3.jpg")
    (images / "labels.csv").write_text(
        "path,label,split\nTraining/a/1.jpg,Fig,test\nTest/a/2.jpg,Kiwi,\nbeside/3.jpg,Fig,train\n"
    )
    layout = Layout(images)
    assert layout.column("label", "split") == [("Kiwi", "test"), ("Fig", "test"), ("Fig", "train")]
    assert layout.said["warnings"] == []


@pytest.mark.parametrize(
    "text",
    [
        "filename;class\n1.jpg;Apple\n2.jpg;Pear\n",
        "\ufefffile_name\tlabel\r\n./a/1.jpg\tApple\r\na\\2.jpg\tPear\r\n",
        'image,label\n"{images}/a/1.jpg",Apple\n"{images}/a/2.jpg",Pear\n',
        "path,label,path\na/1.jpg,Apple,x\na/2.jpg,Pear,x\n",
    ],
)
def test_a_table_may_be_written_in_other_ways(images, tmp_path, text):
    write(images, "a/1.jpg", "a/2.jpg")
    table = tmp_path / "table.csv"
    table.write_text(text.replace("{images}", str(images)))
    layout = Layout(images, labels_table=str(table))
    assert layout.column("label") == ["Apple", "Pear"]
    assert layout.said["warnings"] == []


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
        Layout(images, labels_table=str(tmp_path / "table.csv"))


@pytest.mark.parametrize("text", ["id,name\n1,Apple\n", "path,label\n9.jpg,Fig\n", "\xff,\n"])
def test_another_kind_of_labels_csv_is_warned_of_and_not_used(images, text):
    write(images, "Apple/1.jpg", "Pear/1.jpg")
    (images / "labels.csv").write_text(text, encoding="latin-1")
    layout = Layout(images)
    assert layout.column("label") == ["Apple", "Pear"]
    assert layout.warns("labels.csv", "not used")


# --- own photographs ------------------------------------------------------------------------------


def test_own_photographs_have_a_source_and_a_place(images, tmp_path):
    write(images, "Training/Limes/r_1_100.jpg", "Test/Limes/2_100.jpg")
    shop, home = tmp_path / "shop", tmp_path / "home"
    write(shop, "Limes/kitchen/1.jpg", "Limes/market_2.jpg", "satsumas /3.jpg", "Lime/4.jpg")
    write(home, *(f"{label}/{n}/1.jpg" for label in ("Kiwi", "Limes") for n in ("hall", "kitchen")))
    layout = Layout(images, shop, home, place=r"^([^/]+)(?:/|_\d)")
    assert layout.column("label", "split", "capture", "place", "source") == [
        ("Limes", "test", "plain", None, "images"),
        ("Limes", "train", "r", None, "images"),
        ("Lime", None, None, "shop", "own"),
        ("Limes", None, None, "kitchen", "own"),
        ("Limes", None, None, "market", "own"),
        ("satsumas", None, None, "shop", "own"),
        *(
            (label, None, None, n, "own")
            for label in ("Kiwi", "Limes")
            for n in ("hall", "kitchen")
        ),
    ]
    assert layout.warns("Lime (did you mean Limes?)")
    assert layout.warns("new labels: satsumas")
    assert layout.warns("new labels: Kiwi")
    assert layout.warns("1 to 2 folders deep")
    assert len(layout.said["warnings"]) == 4


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
    layout = Layout(CASES / case)
    assert layout.says(f"{labels} labels by")
    assert Counter(split for split in layout.column("split") if split) == splits
    assert set(layout.column("capture")) - {None} == captures
