"""The whole job on a few real photographs: what it writes, and what a rerun does not do again."""

import base64
import csv
import json
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
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
N_FEATURES = 1280
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


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


# --- a run from nothing --------------------------------------------------------------------------


def test_every_dataset_of_the_default_run_is_written(whole_run):
    catalog = whole_run.catalog()
    made = registered_pipelines()["__default__"].all_outputs()
    outputs = {name for name in made if not isinstance(catalog[name], MemoryDataset)}
    assert outputs >= {*TABLES, "backbone", "reducer", "classifier", "metrics", "tsne_map"}
    assert {name for name in outputs if not catalog.exists(name)} == set()


def test_nothing_is_outside_of_the_layers(whole_run):
    layers = {"02_intermediate", "04_feature", "05_model_input", "06_models"}
    layers |= {"07_model_output", "08_reporting"}
    assert {path.name for path in whole_run.storage.iterdir() if path.is_dir()} == layers


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_plain_parquet_of_its_schema(whole_run, name):
    assert whole_run.load(name).schema == TABLES[name]
    files = list(folder_of(whole_run, name).iterdir())
    assert {path.suffix for path in files} == {".parquet"}
    assert pads.dataset(files, format="parquet").schema.equals(TABLES[name])


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


def test_labels_splits_and_captures_are_those_of_folders_and_names(whole_run):
    rows = table(whole_run, "photographs")
    for row in rows[rows.status == "kept"].itertuples():
        split, label, name = Path(row.path).relative_to(whole_run.images).parts
        assert (row.split, row.label) == ({"Training": "train", "Test": "test"}[split], label)
        expected = "r" if name.startswith("r_") else "plain" if name[0].isdigit() else None
        assert row.capture == expected or (expected is None and pd.isna(row.capture))


def test_features_are_finite_and_carry_the_network_s_fingerprint(whole_run):
    features = photographs(whole_run, "features")
    assert set(features.fingerprint) == {whole_run.load("backbone").fingerprint}
    good = features[features.reason.isna()]
    values = np.stack(good.features)
    assert values.shape == (USABLE, N_FEATURES)
    assert np.isfinite(values).all()
    assert (values.std(axis=0) > 0).sum() > N_FEATURES / 2
    assert good.studio.notna().all()
    [bad] = features[features.reason.notna()].itertuples()
    assert bad.features is None


def test_the_reducer_is_fitted_on_train_rows_and_their_copies_only(whole_run):
    reducer, rows = whole_run.load("reducer"), photographs(whole_run, "reduced_features")
    features = table(whole_run, "features")
    features = features[features.reason.isna()]
    originals = features[features.variant == 0].set_index("sha256").features
    copies = np.stack(features[features.variant == 1].features).astype(np.float64)
    train = np.stack(originals[rows[rows.split == "train"].sha256]).astype(np.float64)
    everything = np.stack(originals[rows.sha256]).astype(np.float64)
    assert reducer.rows == TRAIN + COPIES
    assert reducer.fingerprint == whole_run.load("backbone").fingerprint
    mean = unit(np.vstack([train, copies])).mean(axis=0)
    np.testing.assert_allclose(reducer.mean, mean, rtol=1e-9, atol=1e-12)
    with_test = unit(np.vstack([everything, copies])).mean(axis=0)
    assert not np.allclose(reducer.mean, with_test, rtol=1e-3)


def test_the_components_are_the_reducer_s_of_the_features(whole_run):
    reduced, features = table(whole_run, "reduced_features"), table(whole_run, "features")
    key = ["sha256", "variant"]
    both = reduced.merge(features[[*key, "features"]], on=key)
    assert len(both) == len(reduced) == USABLE + COPIES
    expected = whole_run.load("reducer").transform(np.stack(both.features))
    np.testing.assert_allclose(np.stack(both.components), expected, atol=1e-5)


def test_models_belong_together_and_know_every_label(whole_run):
    reducer, classifier = whole_run.load("reducer"), whole_run.load("classifier")
    assert classifier.reducer_id == reducer.id
    assert classifier.labels == LABELS
    assert whole_run.load("phone_model").card.classifier_id == classifier.id
    report = whole_run.report("explained_variance")
    shares = report["explained_variance_ratio"]
    assert report["k"] == reducer.k == len(shares) == TRAIN + COPIES - 1
    assert shares == sorted(shares, reverse=True) == list(reducer.explained_variance_ratio)
    assert report["cumulative"] == pytest.approx(np.cumsum(shares))
    assert report["explained_variance"] == pytest.approx(1.0)


def test_predictions_are_three_labels_in_the_order_of_their_probabilities(whole_run):
    predictions = table(whole_run, "predictions")
    probabilities = predictions[["probability", "second_probability", "third_probability"]]
    values = probabilities.to_numpy()
    assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(values, axis=1) <= 0).all()
    assert (values.sum(axis=1) <= 1 + 1e-9).all()
    ranked = predictions[["prediction", "second", "third"]]
    assert (ranked.nunique(axis=1) == 3).all()
    assert set(ranked.to_numpy().ravel()) <= set(LABELS)


def test_metrics_and_confusions_are_those_of_the_test_predictions(whole_run):
    metrics, predictions = whole_run.report("metrics"), table(whole_run, "predictions")
    test = predictions[predictions.split == "test"]
    accuracy = float((test.label == test.prediction).mean())
    assert metrics["accuracy"] == pytest.approx(accuracy)
    assert metrics["accuracy"] > 0.8
    assert metrics["test_error"] == pytest.approx(1 - accuracy)
    assert 0 < metrics["macro_f1"] <= 1
    assert metrics["split"] == "folder"
    assert metrics["rows"] == {"test": TEST, "train": TRAIN}
    assert metrics["coverage"]["covered"] == metrics["coverage"]["labels"] == len(LABELS)
    variance = whole_run.report("explained_variance")["explained_variance"]
    assert metrics["explained_variance"] == variance
    support = {label: row["support"] for label, row in metrics["per_label"].items()}
    assert support == dict.fromkeys(LABELS, TEST_COUNT)
    confusions = whole_run.load("confusions")
    expected = test.groupby(["label", "prediction"]).size().to_dict()
    assert {(row.label, row.prediction): row.rows for row in confusions.itertuples()} == expected


def test_the_timings_have_the_seconds_of_each_pipeline(whole_run):
    timings = whole_run.report("timings")
    default = registered_pipelines()["__default__"]
    assert set(timings["pipelines"]) == {node.namespace for node in default.nodes}
    seconds = [stage["seconds"] for stage in timings["pipelines"].values()]
    assert min(seconds) > 0
    assert timings["seconds"] == pytest.approx(sum(seconds), abs=0.1)
    nodes = {node for stage in timings["pipelines"].values() for node in stage["nodes"]}
    assert nodes == {node.short_name for node in default.nodes}


def test_the_report_shows_every_photograph_and_counts_every_file(whole_run):
    page = (whole_run.storage / "08_reporting" / "report.html").read_text()
    [data] = re.findall(r'id="data">(.*?)</script>', page, re.S)
    points = json.loads(data)["map"]
    assert len(points["path"]) == USABLE
    assert sorted(points["tile"]) == list(range(USABLE))
    assert page.count('src="data:image/jpeg;base64,') >= TEST
    text = re.sub(r"<[^>]+>", " ", page.partition('id="map"')[0])
    assert {"not an image", "empty file"} <= set(re.findall(r"not an image|empty file", text))


def test_what_wants_a_look_is_a_table_and_a_csv(whole_run):
    frames = whole_run.load("data_quality_csv"), whole_run.load("data_quality").to_pandas()
    key = ["problem", "path", "other_path"]
    ordered = [frame.fillna("").sort_values(key, ignore_index=True) for frame in frames]
    pd.testing.assert_frame_equal(*ordered, check_dtype=False, check_exact=False)


def test_the_csv_has_a_line_per_photograph_with_its_components(whole_run):
    file = whole_run.storage / "05_model_input" / "reduced_features.csv"
    with file.open(newline="") as opened:
        header, *lines = csv.reader(opened)
    k = whole_run.report("metrics")["k"]
    assert header == ["path", "label", "split", *(f"pc_{i}" for i in range(1, k + 1))]
    reduced = photographs(whole_run, "reduced_features")
    assert [tuple(line[:3]) for line in lines] == [
        (row.path, row.label, row.split) for row in reduced.itertuples()
    ]
    written = np.array([line[3:] for line in lines], dtype=np.float32)
    np.testing.assert_array_equal(written, np.stack(reduced.components))


def numbers(values: Any) -> np.ndarray:
    """A trace's values, which plotly packs where they are many."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.array(values)


def test_the_pictures_load_as_figures(whole_run):
    names = ("scree_plot", "tsne_map", "confusion_matrix")
    scree, tsne, matrix = figures = [whole_run.load(name) for name in names]
    assert all(isinstance(figure, go.Figure) for figure in figures)
    assert len(numbers(scree.data[0].y)) == whole_run.report("metrics")["k"]
    shown = [path for trace in tsne.data for path in trace.hovertext]
    assert sorted(shown) == table(whole_run, "predictions").path.tolist()
    places = np.concatenate([[numbers(trace.x), numbers(trace.y)] for trace in tsne.data], axis=1)
    assert np.isfinite(places).all()
    assert len(set(places[0])) > USABLE / 2
    assert list(matrix.data[0].x) == list(LABELS)


def test_the_photographs_are_not_touched(whole_run):
    for path in (whole_run.images / "Training" / "Corn").iterdir():
        assert path.read_bytes() == (SAMPLE / "Training" / "Corn" / path.name).read_bytes()


# --- running again -------------------------------------------------------------------------------


def test_a_rerun_on_unchanged_photographs_writes_nothing_again(whole_run, tmp_path):
    job = whole_run.fork(tmp_path)
    output(ROOT, "kedro", "run", job.options)
    files = [path.relative_to(job.storage) for path in job.storage.rglob("*") if path.is_file()]
    bytes_of = [{path: (j.storage / path).read_bytes() for path in files} for j in (job, whole_run)]
    written_anew = {str(path) for path in files if bytes_of[0][path] != bytes_of[1][path]}
    # Reports count what was new in their run.
    reports = ("timings", "ingestion", "featurization", "metrics")
    told = {f"08_reporting/{name}.json" for name in reports} | {"08_reporting/report.html"}
    assert written_anew <= told | {".run.lock", ".node_records.json"}
    for name in TABLES:
        assert job.files(folder_of(job, name)) == whole_run.files(folder_of(whole_run, name))


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


@pytest.mark.parametrize("name", ["photographs", "reduced_features", "predictions"])
def test_tables_follow_what_was_added_removed_and_moved(whole_run, changed, name):
    rows = table(changed, name).groupby("path").first()
    gone = {changed.path(relative) for relative in (REMOVED, MOVED)}
    come = {changed.path(relative) for relative in [*ADDED, MOVED_TO]}
    assert set(rows.index) == set(table(whole_run, name).path) - gone | come
    assert rows.label[changed.path(MOVED_TO)] == "Tomato"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_plain_readers_count_the_rows_of_the_present_photographs(whole_run, changed, library):
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
    for name, schema in TABLES.items():
        assert list(found[name].columns) == schema.names


def test_a_removed_photograph_leaves_the_csv(changed):
    text = (changed.storage / "05_model_input" / "reduced_features.csv").read_text()
    assert changed.path(REMOVED) not in text
    assert all(changed.path(relative) in text for relative in ADDED)


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
    stored, again = table(whole_run, "reduced_features"), table(job, "reduced_features")
    assert again.path.tolist() == stored.path.tolist()
    first = np.stack(stored.components)[:, :4]
    np.testing.assert_allclose(np.stack(again.components), first, atol=1e-4)
    assert job.files("04_feature/features") == whole_run.files("04_feature/features")
    paths = [table(each, "predictions").path.tolist() for each in (job, whole_run)]
    assert paths[0] == paths[1]
