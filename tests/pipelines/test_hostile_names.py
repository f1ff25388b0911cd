"""Names are data: they run nowhere, lead nowhere, and come back to the letter."""

import csv
import html
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runs import SAMPLE, Job, new_job, sample_names

LABELS = (
    '=HYPERLINK("http:x"&A1)',
    "<script>alert(1)<",
    "<a href='javascript:alert(1)'>x<",
    "%2e%2e%2f%2e%2e%2fx",
    "a\\..\\..\\x",
    "@SUM(1)*cmd|' C'!A0",
    "-1+1",
    "$x$ 100%{y}",
    "&lt;b&gt;",
)
FRUITS = ("Apple", "Banana", "Corn", "Kiwi", "Pear", "Tomato", "Lemon", "Mango", "Yam")
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
PLOTS = ("tsne_map", "confusion_matrix", "scree_plot")
TRAIN, TEST = 3, 1


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def hostile(spark, base) -> Job:
    """The default run and inference on labels and files of such names."""
    job = new_job(base / "a" / "b" / "c")
    for label, fruit in zip(LABELS, FRUITS, strict=True):
        for split, count in (("Training", TRAIN), ("Test", TEST)):
            folder = job.images / split / label
            folder.mkdir(parents=True)
            for number, name in enumerate(sample_names(split, fruit)[:count]):
                shutil.copyfile(SAMPLE / split / fruit / name, folder / f"{label}{number}.jpg")
    job.run()
    job.run("inference")
    return job


def below() -> set[str]:
    """Paths of the photographs below the image folder."""
    kinds = (("Training", TRAIN), ("Test", TEST))
    return {f"{s}/{label}/{label}{n}.jpg" for s, c in kinds for label in LABELS for n in range(c)}


def texts(tree: Any) -> Iterator[str]:
    """Every text of a JSON document, keys included."""
    if isinstance(tree, dict):
        yield from tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from texts(branch)
    if isinstance(tree, str):
        yield tree


def test_nothing_is_written_outside_of_the_storage_or_named_after_a_photograph(hostile, base):
    others = [path for path in base.rglob("*") if path.is_file()]
    others = [path for path in others if not path.is_relative_to(hostile.storage)]
    assert {path.relative_to(hostile.images).as_posix() for path in others} == below()
    names = {path.name for path in hostile.storage.rglob("*")}
    assert not [name for name in names for label in LABELS if label in name]


@pytest.mark.parametrize("name", ["photographs", "reduced_features", "predictions"])
def test_tables_have_the_names_to_the_letter(hostile, name):
    rows = hostile.rows(name, "path", "label")
    assert {row["path"] for row in rows} == {hostile.path(path) for path in below()}
    assert all(row["label"] == Path(row["path"]).parent.name for row in rows)
    assert {row["label"] for row in rows} == set(LABELS)


@pytest.mark.parametrize(
    "name", ["reduced_features_csv", "inference_predictions_csv", "confusions", "data_quality_csv"]
)
def test_no_cell_of_a_csv_file_is_a_formula_and_it_loads_to_the_letter(hostile, name):
    dataset = hostile.catalog().get(name)
    path = Path(str(dataset._filepath))
    with path.open(newline="") as file:
        header, *lines = csv.reader(file)
    text = [n for n, column in enumerate(header) if column in ("path", "label", "prediction")]
    assert text
    assert not [line[n] for line in lines for n in text if line[n].startswith(FORMULAS)]
    column = "prediction" if "inference" in name else "label"
    loaded = dataset.load()
    assert set(loaded[column]) <= set(LABELS)
    assert len(loaded) == len(lines)


@pytest.mark.parametrize("name", PLOTS)
def test_no_name_in_a_plot_is_html(hostile, name):
    figure = json.loads((hostile.storage / "08_reporting" / f"{name}.json").read_text())
    found = list(texts(figure["data"]))
    assert found
    assert not [text for text in found for part in ("<script", "<a ", "$") if part in text]


def test_plots_show_the_names_to_the_letter(hostile):
    tsne, matrix = hostile.load("tsne_map"), hostile.load("confusion_matrix")
    shown = {html.unescape(path) for trace in tsne.data for path in trace.hovertext}
    assert shown == {hostile.path(path) for path in below()}
    assert {html.unescape(label) for label in matrix.data[0].y} >= set(LABELS)


def test_reports_have_the_names_to_the_letter_and_kedro_viz_gets_them_as_data(hostile):
    """Tables and reports are previewed as values; the page shows values as text."""
    assert set(hostile.report("ingestion")["kept_by_label"]) == set(LABELS)
    assert set(hostile.report("metrics")["per_label"]) == set(LABELS)
    catalog = hostile.catalog()
    assert json.loads(catalog.get("metrics").preview())["per_label"].keys() == set(LABELS)
    rows = catalog.get("predictions").preview(nrows=50)
    labels = {row[rows["columns"].index("label")] for row in rows["data"]}
    assert labels == set(LABELS)
    plot = json.dumps(dict(catalog.get("confusion_matrix").preview()))
    assert "<script" not in plot
