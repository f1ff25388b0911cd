"""The whole job on a few real photographs: what it writes, and what a rerun does not do again."""

import csv
import json
import re
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as pads
import pytest
from kedro.io import MemoryDataset
from runs import (
    LABELS,
    ROOT,
    SAMPLE,
    TEST_COUNT,
    TRAIN_NAMES,
    Job,
    copy_photos,
    output,
    registered_pipelines,
)

from fruits_kedro.storage import schemas

TRAIN = len(LABELS) * len(TRAIN_NAMES) + 1  # and the PNG that is called .jpg
TEST = len(LABELS) * TEST_COUNT
USABLE = TRAIN + TEST
COPIES = TRAIN
"""Of augmentation.copies, which is 1."""
TABLES = {
    "images": schemas.IMAGES,
    "photographs": schemas.PHOTOGRAPHS,
    "features": schemas.FEATURES,
    "variants": schemas.VARIANTS,
    "reduced_features": schemas.REDUCED_FEATURES,
    "predictions": schemas.PREDICTIONS,
}


def folder_of(job: Job, name: str) -> Path:
    return next(path for path in job.storage.glob(f"*/{name}") if path.is_dir())


def table(job: Job, name: str) -> pd.DataFrame:
    """A table without its binary column, in a fixed order."""
    columns = [column for column in TABLES[name].names if column != "bytes"]
    frame = job.load(name).to_pandas(columns)
    keys = [key for key in ("path", "sha256", "fingerprint", "variant") if key in frame]
    return frame.sort_values(keys).reset_index(drop=True)


def photographs(job: Job, name: str) -> pd.DataFrame:
    """The rows of a table without those of copies."""
    frame = table(job, name)
    return frame[frame.variant == 0] if "variant" in frame else frame


# --- a run from nothing --------------------------------------------------------------------------


def test_every_dataset_of_the_default_run_is_written_into_its_layer(whole_run):
    catalog = whole_run.catalog()
    made = registered_pipelines()["__default__"].all_outputs()
    outputs = {name for name in made if not isinstance(catalog[name], MemoryDataset)}
    assert outputs >= {*TABLES, "backbone", "reducer", "classifier", "metrics", "tsne_map"}
    assert {name for name in outputs if not catalog.exists(name)} == set()
    layers = {"02_intermediate", "04_feature", "05_model_input", "06_models"}
    layers |= {"07_model_output", "08_reporting"}
    assert {path.name for path in whole_run.storage.iterdir() if path.is_dir()} == layers


def test_the_photographs_are_not_touched(whole_run):
    for path in (whole_run.images / "Training" / "Corn").iterdir():
        assert path.read_bytes() == (SAMPLE / "Training" / "Corn" / path.name).read_bytes()


def test_counts_agree_from_listing_to_predictions(whole_run):
    ingestion, featurization = whole_run.report("ingestion"), whole_run.report("featurization")
    assert ingestion["listed"] == USABLE + 4
    assert ingestion["kept"] == USABLE + 1
    assert ingestion["rejected_by_reason"] == {"empty_file": 1, "not_an_image": 1}
    assert ingestion["ignored_by_extension"] == {"txt": 1}
    assert ingestion["read"] == USABLE + 3
    assert (featurization["kept"], featurization["features"]) == (USABLE + 1, USABLE)
    assert featurization["undecodable_by_reason"] == {"undecodable": 1}
    # The truncated photograph and its copy are tried as well.
    assert featurization["inferred"] == USABLE + 1
    assert featurization["inferred_copies"] == COPIES + 1
    for name in ("reduced_features", "predictions"):
        rows = photographs(whole_run, name)
        assert rows.split.value_counts().to_dict() == {"train": TRAIN, "test": TEST}
        assert rows.path.is_unique
        assert set(rows.label) == set(LABELS)


def test_the_reducer_is_fitted_on_train_rows_and_their_copies_only(whole_run):
    reducer, reduced = whole_run.load("reducer"), table(whole_run, "reduced_features")
    features = table(whole_run, "features")[["sha256", "variant", "features"]]
    rows = reduced.merge(features, on=["sha256", "variant"])
    assert len(rows) == len(reduced) == USABLE + COPIES
    assert reducer.rows == TRAIN + COPIES
    values = np.stack(rows.features).astype(np.float64)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    mean = unit[rows.split == "train"].mean(axis=0)
    np.testing.assert_allclose(reducer.mean, mean, rtol=1e-9, atol=1e-12)
    assert not np.allclose(reducer.mean, unit.mean(axis=0), rtol=1e-3)
    expected = reducer.transform(np.stack(rows.features))
    np.testing.assert_allclose(np.stack(rows.components), expected, atol=1e-5)


def test_models_belong_together_and_know_every_label(whole_run):
    reducer, classifier = whole_run.load("reducer"), whole_run.load("classifier")
    assert reducer.fingerprint == whole_run.load("backbone").fingerprint
    assert classifier.reducer_id == reducer.id
    assert classifier.labels == LABELS
    assert whole_run.load("phone_model").card.classifier_id == classifier.id
    assert reducer.k == whole_run.report("explained_variance")["k"] == TRAIN + COPIES - 1


def test_metrics_and_confusions_are_those_of_the_test_predictions(whole_run):
    metrics, predictions = whole_run.report("metrics"), table(whole_run, "predictions")
    test = predictions[predictions.split == "test"]
    assert metrics["accuracy"] == pytest.approx((test.label == test.prediction).mean())
    assert metrics["accuracy"] > 0.8
    assert metrics["split"] == "folder"
    assert metrics["rows"] == {"test": TEST, "train": TRAIN}
    support = {label: row["support"] for label, row in metrics["per_label"].items()}
    assert support == dict.fromkeys(LABELS, TEST_COUNT)
    confusions = whole_run.load("confusions")
    expected = test.groupby(["label", "prediction"]).size().to_dict()
    assert {(row.label, row.prediction): row.rows for row in confusions.itertuples()} == expected


def test_the_report_shows_every_photograph_and_counts_every_file(whole_run):
    page = (whole_run.storage / "08_reporting" / "report.html").read_text()
    [data] = re.findall(r'id="data">(.*?)</script>', page, re.S)
    points = json.loads(data)["map"]
    assert len(points["path"]) == USABLE
    assert sorted(points["tile"]) == list(range(USABLE))
    assert page.count('src="data:image/jpeg;base64,') >= TEST
    text = re.sub(r"<[^>]+>", " ", page.partition('id="map"')[0])
    assert {"not an image", "empty file"} <= set(re.findall(r"not an image|empty file", text))


# --- running again -------------------------------------------------------------------------------


def contents(job: Job) -> dict[str, bytes]:
    paths = (path for path in job.storage.rglob("*") if path.is_file())
    return {str(path.relative_to(job.storage)): path.read_bytes() for path in paths}


def test_a_rerun_on_unchanged_photographs_writes_nothing_again(whole_run, tmp_path):
    job = whole_run.fork(tmp_path)
    reports = {"08_reporting/timings.json", ".run.lock"}
    # Reports count what was new in their run, so that only a third run finds all as it was.
    counts = {f"08_reporting/{name}.json" for name in ("ingestion", "featurization", "metrics")}
    for allowed in (reports | counts | {"08_reporting/report.html", ".node_records.json"}, reports):
        before = contents(job)
        log = output(ROOT, "kedro", "run", job.options)
        after = contents(job)
        assert after.keys() == before.keys()
        assert {name for name in after if after[name] != before[name]} <= allowed
    assert "Spark" not in log
    assert set(re.findall(r"\[\d+/\d+\] \w+: (.*)", log)) == {"unchanged"}


ADDED = ["Training/Corn/4_100.jpg", "Test/Kiwi/r_10_100.jpg"]
REMOVED = "Training/Pear/1_100.jpg"
MOVED, MOVED_TO = "Training/Banana/2_100.jpg", "Training/Tomato/moved.jpg"


@pytest.fixture(scope="module")
def changed(whole_run, tmp_path_factory) -> Job:
    """A run after photographs were added, removed and moved."""
    job = whole_run.fork(tmp_path_factory.mktemp("changed"))
    away = tmp_path_factory.mktemp("away") / "removed.jpg"
    images = job.images
    copy_photos(ADDED, images)
    shutil.move(images / REMOVED, away)
    shutil.move(images / MOVED, images / MOVED_TO)
    try:
        job.run("ingestion", "featurization", "reduction", "classification")
    finally:
        shutil.move(images / MOVED_TO, images / MOVED)
        shutil.move(away, images / REMOVED)
        for relative in ADDED:
            (images / relative).unlink()
    return job


def test_added_photographs_and_only_those_are_read_and_inferred(whole_run, changed):
    # A file under another name has to be read once, to learn that its bytes are known.
    read = {changed.path(relative) for relative in [*ADDED, MOVED_TO]}
    before, after = (set(table(job, "images").path) for job in (whole_run, changed))
    assert after - before == read
    assert changed.report("metrics")["photographs_read"] == len(read)
    assert changed.report("metrics")["inferences"] == len(ADDED)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_plain_readers_get_the_rows_of_the_present_photographs(whole_run, changed, library):
    """One photograph of each split came, one that trains went and one changed its label."""
    read = import_module(library).read_parquet
    files = sum(path.is_file() for path in whole_run.images.rglob("*.jpg"))
    truth = {
        "images": files + len(ADDED) + 1,  # and what is gone
        "photographs": files + 1,
        "features": (USABLE + 1) + (COPIES + 1) + 3,
        "variants": COPIES + 1,
        "reduced_features": (USABLE + 1) + COPIES,
        "predictions": USABLE + 1,
    }
    found = {name: read(folder_of(changed, name)) for name in TABLES}
    assert {name: len(frame) for name, frame in found.items()} == truth
    gone = {changed.path(relative) for relative in (REMOVED, MOVED)}
    come = {changed.path(relative) for relative in [*ADDED, MOVED_TO]}
    for name in ("photographs", "reduced_features", "predictions"):
        labels = dict(zip(found[name]["path"], found[name]["label"], strict=True))
        assert labels.keys() == set(table(whole_run, name).path) - gone | come
        assert labels[changed.path(MOVED_TO)] == "Tomato"
    for name, schema in TABLES.items():
        assert pads.dataset(folder_of(changed, name), format="parquet").schema.equals(schema)


def test_the_csv_has_a_line_per_present_photograph_with_its_components(changed):
    file = changed.storage / "05_model_input" / "reduced_features.csv"
    with file.open(newline="") as opened:
        header, *lines = csv.reader(opened)
    k = changed.report("metrics")["k"]
    assert header == ["path", "label", "split", *(f"pc_{i}" for i in range(1, k + 1))]
    reduced = photographs(changed, "reduced_features")
    assert [tuple(line[:3]) for line in lines] == [
        (row.path, row.label, row.split) for row in reduced.itertuples()
    ]
    written = np.array([line[3:] for line in lines], dtype=np.float32)
    np.testing.assert_array_equal(written, np.stack(reduced.components))


def test_garbage_goes_and_comes_back_with_its_photograph(whole_run, changed, tmp_path):
    """The row of the one that moved stays, since its bytes are still needed."""
    job = changed.fork(tmp_path)
    gone = {"images": 1, "features": 2}
    left = {name: len(table(job, name)) - rows for name, rows in gone.items()}
    text = output(ROOT, "kedro", "fruits", "gc", "--yes", f"--params=storage={job.storage}")
    counts = re.findall(r"^(\w+): (\d+) rows .*?, (\d+) ", text, re.M)
    assert set(counts) == {(name, str(gone[name]), str(left[name])) for name in gone}
    assert {name: len(table(job, name)) for name in gone} == left
    job.run("ingestion", "featurization")
    assert job.report("ingestion")["read"] == job.report("featurization")["inferred"] == 1


def test_refresh_starts_over(whole_run, tmp_path):
    job = whole_run.fork(tmp_path)
    job.run("ingestion", "featurization", refresh=True)
    assert job.report("ingestion")["read"] == USABLE + 3
    assert job.report("featurization")["inferred"] == USABLE + 1
    for name in ("images", "features"):
        assert len(pd.read_parquet(folder_of(job, name))) == len(table(job, name))
        pd.testing.assert_frame_equal(
            table(job, name), table(whole_run, name), check_exact=False, rtol=1e-6
        )


# --- a pipeline alone ----------------------------------------------------------------------------


def test_reduction_and_classification_alone_take_stored_datasets(whole_run, tmp_path):
    """The photographs are away."""
    fork = whole_run.fork(tmp_path)
    job = Job(fork.images / "gone", fork.storage)
    for pipeline in ("reduction", "classification"):
        job.run(pipeline, reduction={"k": 4})
    assert job.load("reducer").k == job.report("metrics")["k"] == 4
    assert job.load("classifier").reducer_id == job.load("reducer").id
    assert job.files("04_feature/features") == whole_run.files("04_feature/features")
    for name in ("reduced_features", "predictions"):
        stored, again = table(whole_run, name), table(job, name)
        assert again.path.tolist() == stored.path.tolist()
