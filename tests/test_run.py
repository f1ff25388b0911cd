"""The whole job on a few real photographs: what it writes, and what a rerun does not do again."""

import base64
import csv
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from fruits_kedro.model.backbone.artefact import N_FEATURES
from runs import (
    LABELS,
    SAMPLE,
    TEST_COUNT,
    TRAIN_NAMES,
    Job,
    copy_photos,
    flat_run,
    registered_pipelines,
    whole_run,
)

from fruits_kedro.datasets import InMemoryDataset
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
    "augmented_features": schemas.FEATURES,
    "splits": schemas.SPLITS,
    "variants": schemas.VARIANTS,
    "reduced_features": schemas.REDUCED_FEATURES,
    "predictions": schemas.PREDICTIONS,
}


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Job:
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def flat(spark, backbone, tmp_path_factory) -> Job:
    return flat_run(tmp_path_factory.getbasetemp(), backbone)


def table(job: Job, name: str) -> pd.DataFrame:
    """A table without its binary column, in the order of paths."""
    return job.load(name).drop("bytes").orderBy("path").toPandas()


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def components(job: Job) -> dict[str, list[float]]:
    return {row.path: row.components for row in job.rows("reduced_features", "path", "components")}


# --- a run from nothing --------------------------------------------------------------------------


def test_every_dataset_of_the_default_run_is_written(whole):
    catalog = whole.catalog()
    made = registered_pipelines()["__default__"].all_outputs()
    outputs = {name for name in made if not isinstance(catalog[name], InMemoryDataset)}
    assert outputs >= {*TABLES, "backbone", "reducer", "classifier", "metrics", "tsne_map"}
    assert {name for name in outputs if not catalog.exists(name)} == set()


@pytest.mark.parametrize(
    "path",
    [
        "02_intermediate/images/_current.json",
        "02_intermediate/photographs/_current.json",
        "04_feature/features/_current.json",
        "05_model_input/splits/_current.json",
        "05_model_input/reduced_features/_current.json",
        "05_model_input/reduced_features.csv",
        "06_models/backbone/_current.json",
        "06_models/reducer/_current.json",
        "06_models/classifier/_current.json",
        "06_models/fruits.tflite",
        "06_models/fruits.json",
        "07_model_output/predictions/_current.json",
        "08_reporting/ingestion.json",
        "08_reporting/featurization.json",
        "08_reporting/explained_variance.json",
        "08_reporting/scree_plot.json",
        "08_reporting/tsne_map.json",
        "08_reporting/confusions.csv",
        "08_reporting/confusion_matrix.json",
        "08_reporting/calibration.json",
        "08_reporting/reliability_diagram.json",
        "08_reporting/metrics.json",
        "08_reporting/timings.json",
        "08_reporting/data_quality.csv",
        "08_reporting/data_quality.json",
        "08_reporting/report.html",
    ],
)
def test_every_result_lies_where_the_readers_look(whole, path):
    assert (whole.storage / path).stat().st_size > 0


def test_nothing_lies_outside_of_the_layers(whole):
    layers = {"02_intermediate", "04_feature", "05_model_input", "06_models"}
    layers |= {"07_model_output", "08_reporting"}
    found = {path.name for path in whole.storage.iterdir() if path.is_dir()}
    assert found == layers


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_of_its_schema(whole, name):
    from pyspark.sql.types import StructType

    assert whole.load(name).schema == StructType.fromDDL(TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_the_files_of_a_table_are_plain_parquet(whole, name):
    """Any tool reads the columns, without Spark and without this project."""
    import pyarrow.dataset as pads

    layer = next(whole.storage.glob(f"*/{name}"))
    [part] = layer.glob("part-*")
    names = [column.split()[0] for column in TABLES[name].split(", ")]
    assert pads.dataset(part, format="parquet").schema.names == names


def test_counts_agree_from_listing_to_predictions(whole):
    ingestion, featurization = whole.report("ingestion"), whole.report("featurization")
    assert ingestion["listed"] == USABLE + 4
    assert ingestion["kept"] == USABLE + 1
    assert ingestion["rejected_by_reason"] == {"empty_file": 1, "not_an_image": 1}
    assert ingestion["ignored_by_extension"] == {"txt": 1}
    assert ingestion["read"] == USABLE + 3
    assert (featurization["kept"], featurization["features"]) == (USABLE + 1, USABLE)
    assert featurization["undecodable_by_reason"] == {"undecodable": 1}
    assert featurization["inferred"] == USABLE + 1
    for name in ("splits", "reduced_features", "predictions"):
        rows = table(whole, name)
        assert rows.split.value_counts().to_dict() == {"train": TRAIN, "test": TEST}
        assert rows.path.is_unique
        assert set(rows.label) == set(LABELS)


def test_labels_and_splits_are_those_of_the_folders(whole):
    for row in whole.rows("splits"):
        split, label, _ = Path(row.path).relative_to(whole.images).parts
        assert (row.split, row.label) == ({"Training": "train", "Test": "test"}[split], label)


def test_features_are_finite_and_carry_the_backbone_s_fingerprint(whole):
    features = table(whole, "features")
    assert set(features.fingerprint) == {whole.load("backbone").fingerprint}
    assert set(features.variant) == {0}
    good = features[features.reason.isna()]
    values = np.stack(good.features)
    assert values.shape == (USABLE, N_FEATURES)
    assert np.isfinite(values).all()
    assert (values.std(axis=0) > 0).sum() > N_FEATURES / 2
    [bad] = features[features.reason.notna()].itertuples()
    assert bad.features is None


def test_the_reducer_is_fitted_on_train_rows_and_their_copies_only(whole):
    reducer, splits = whole.load("reducer"), table(whole, "splits")
    features = table(whole, "features").set_index("sha256").features
    train = np.stack(features[splits[splits.split == "train"].sha256]).astype(np.float64)
    everything = np.stack(features[splits.sha256]).astype(np.float64)
    copies = np.stack(table(whole, "augmented_features").features).astype(np.float64)
    assert reducer.rows == TRAIN + COPIES
    assert reducer.fingerprint == whole.load("backbone").fingerprint
    mean = unit(np.vstack([train, copies])).mean(axis=0)
    np.testing.assert_allclose(reducer.mean, mean, rtol=1e-9, atol=1e-12)
    with_test = unit(np.vstack([everything, copies])).mean(axis=0)
    assert not np.allclose(reducer.mean, with_test, rtol=1e-3)


def test_the_classifier_belongs_to_the_reducer_and_knows_every_label(whole):
    classifier = whole.load("classifier")
    assert classifier.reducer_id == whole.load("reducer").id
    assert classifier.labels == LABELS


def test_the_explained_variance_is_the_reducer_s(whole):
    reducer, report = whole.load("reducer"), whole.report("explained_variance")
    shares = report["explained_variance_ratio"]
    assert report["k"] == reducer.k == len(shares) == TRAIN + COPIES - 1
    assert shares == sorted(shares, reverse=True) == list(reducer.explained_variance_ratio)
    assert report["cumulative"] == pytest.approx(np.cumsum(shares))
    assert report["explained_variance"] == pytest.approx(1.0)


def test_predictions_are_three_labels_in_the_order_of_their_probabilities(whole):
    predictions = table(whole, "predictions")
    probabilities = predictions[["probability", "second_probability", "third_probability"]]
    values = probabilities.to_numpy()
    assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(values, axis=1) <= 0).all()
    assert (values.sum(axis=1) <= 1 + 1e-9).all()
    ranked = predictions[["prediction", "second", "third"]]
    assert (ranked.nunique(axis=1) == 3).all()
    assert set(ranked.to_numpy().ravel()) <= set(LABELS)


def test_the_metrics_are_those_of_the_test_predictions(whole):
    metrics, predictions = whole.report("metrics"), table(whole, "predictions")
    test = predictions[predictions.split == "test"]
    accuracy = float((test.label == test.prediction).mean())
    assert metrics["accuracy"] == pytest.approx(accuracy)
    assert metrics["accuracy"] > 0.8
    assert metrics["test_error"] == pytest.approx(1 - accuracy)
    assert 0 < metrics["macro_f1"] <= 1
    assert metrics["split"] == "folder"
    assert metrics["rows"] == {"test": TEST, "train": TRAIN}
    assert metrics["explained_variance"] == whole.report("explained_variance")["explained_variance"]
    assert {label: row["support"] for label, row in metrics["per_label"].items()} == dict.fromkeys(
        LABELS, TEST_COUNT
    )


def test_the_confusions_sum_up_the_test_predictions(whole):
    confusions, predictions = whole.load("confusions"), table(whole, "predictions")
    test = predictions[predictions.split == "test"]
    expected = test.groupby(["label", "prediction"]).size().to_dict()
    assert {(row.label, row.prediction): row.rows for row in confusions.itertuples()} == expected


def test_the_timings_have_the_seconds_of_each_pipeline(whole):
    timings = whole.report("timings")
    names = {"ingestion", "featurization", "reduction", "classification", "reporting"}
    assert set(timings["pipelines"]) == names
    seconds = [stage["seconds"] for stage in timings["pipelines"].values()]
    assert min(seconds) > 0
    assert timings["seconds"] == pytest.approx(sum(seconds), abs=0.1)
    nodes = {node for stage in timings["pipelines"].values() for node in stage["nodes"]}
    assert nodes == {node.short_name for node in registered_pipelines()["__default__"].nodes}


def test_the_report_shows_every_photograph_and_counts_every_file(whole):
    page = (whole.storage / "08_reporting" / "report.html").read_text()
    [data] = re.findall(r'id="data">(.*?)</script>', page, re.S)
    points = json.loads(data)["map"]
    assert len(points["path"]) == USABLE
    assert sorted(points["tile"]) == list(range(USABLE))
    assert page.count('src="data:image/jpeg;base64,') >= TEST
    text = re.sub(r"<[^>]+>|\s+", " ", page.partition('id="map"')[0])
    for counted in (
        f"kept {USABLE + 1} ",
        "not an image",
        "empty file",
        "kept, but without features 1",
    ):
        assert counted in re.sub(r" +", " ", text)


def test_what_wants_a_look_is_a_table_and_a_csv(whole):
    rows = whole.load("data_quality").toPandas().fillna("")
    pd.testing.assert_frame_equal(
        whole.load("data_quality_csv"), rows, check_dtype=False, check_exact=False
    )


def test_the_csv_has_a_line_per_photograph_with_its_components(whole):
    with (whole.storage / "05_model_input" / "reduced_features.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    k = whole.report("metrics")["k"]
    assert header == ["path", "label", "split", *(f"pc_{i}" for i in range(1, k + 1))]
    reduced = whole.rows("reduced_features")
    assert [line[:3] for line in lines] == [[row.path, row.label, row.split] for row in reduced]
    written = np.array([line[3:] for line in lines], dtype=np.float32)
    np.testing.assert_array_equal(written, np.array([r.components for r in reduced], np.float32))


def test_the_components_are_the_reducer_s_of_the_features(whole):
    features = {row.sha256: row.features for row in whole.rows("features") if row.features}
    reduced = whole.rows("reduced_features")
    values = np.array([features[row.sha256] for row in reduced], np.float32)
    expected = whole.load("reducer").transform(values)
    np.testing.assert_allclose([row.components for row in reduced], expected, atol=1e-5)


def numbers(values: Any) -> np.ndarray:
    """A trace's values, which plotly packs where they are many."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.array(values)


def test_the_pictures_load_as_figures(whole):
    scree, tsne, matrix = (
        whole.load(name) for name in ("scree_plot", "tsne_map", "confusion_matrix")
    )
    assert all(isinstance(figure, go.Figure) for figure in (scree, tsne, matrix))
    assert len(numbers(scree.data[0].y)) == whole.report("metrics")["k"]
    shown = [path for trace in tsne.data for path in trace.hovertext]
    assert sorted(shown) == [row.path for row in whole.rows("splits", "path")]
    places = np.concatenate([[numbers(trace.x), numbers(trace.y)] for trace in tsne.data], axis=1)
    assert np.isfinite(places).all()
    assert len(set(places[0])) > USABLE / 2
    assert list(matrix.data[0].x) == list(LABELS)


# --- running again -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rerun(whole, tmp_path_factory) -> Job:
    job = whole.fork(tmp_path_factory.mktemp("rerun"))
    job.run()
    return job


def test_unchanged_photographs_are_neither_read_nor_inferred_again(rerun):
    metrics = rerun.report("metrics")
    assert (metrics["photographs_read"], metrics["inferences"]) == (0, 0)


@pytest.mark.parametrize("name", TABLES)
def test_a_rerun_on_unchanged_photographs_gives_the_same_table(whole, rerun, name):
    pd.testing.assert_frame_equal(table(rerun, name), table(whole, name), check_exact=True)


def test_a_rerun_on_unchanged_photographs_gives_the_same_reducer_and_csv(whole, rerun):
    assert rerun.load("reducer").id == whole.load("reducer").id
    csv_file = "05_model_input/reduced_features.csv"
    assert (rerun.storage / csv_file).read_bytes() == (whole.storage / csv_file).read_bytes()


@dataclass(frozen=True)
class Changed:
    """A run after photographs were added, removed and moved."""

    job: Job
    added: list[str]
    removed: str
    moved: str
    moved_to: str


@pytest.fixture(scope="module")
def changed(whole, tmp_path_factory) -> Changed:
    job = whole.fork(tmp_path_factory.mktemp("changed"))
    away = tmp_path_factory.mktemp("away") / "removed.jpg"
    added = ["Training/Corn/4_100.jpg", "Test/Kiwi/r_10_100.jpg"]
    removed, moved = "Training/Pear/1_100.jpg", "Training/Banana/2_100.jpg"
    moved_to = "Training/Tomato/moved.jpg"
    images = job.images
    copy_photos(added, images)
    shutil.move(images / removed, away)
    shutil.move(images / moved, images / moved_to)
    try:
        job.run()
    finally:
        shutil.move(images / moved_to, images / moved)
        shutil.move(away, images / removed)
        for relative in added:
            (images / relative).unlink()
    return Changed(job, added, removed, moved, moved_to)


def new_rows(whole: Job, job: Job, name: str) -> pd.DataFrame:
    known = set(table(whole, name).path)
    rows = table(job, name)
    return rows[~rows.path.isin(known)]


def test_added_photographs_and_only_those_are_read_and_inferred(whole, changed):
    job = changed.job
    added = {job.path(relative) for relative in changed.added}
    # A file under another name has to be read once, to learn that its bytes are known.
    assert set(new_rows(whole, job, "images").path) == added | {job.path(changed.moved_to)}
    assert set(new_rows(whole, job, "features").path) == added
    assert job.report("metrics")["photographs_read"] == len(added) + 1
    assert job.report("metrics")["inferences"] == len(added)
    assert len(table(job, "features")) == len(table(whole, "features")) + len(added)


@pytest.mark.parametrize("name", ["photographs", "splits", "reduced_features", "predictions"])
def test_tables_follow_what_was_added_removed_and_moved(whole, changed, name):
    job = changed.job
    gone = {job.path(changed.removed), job.path(changed.moved)}
    come = {job.path(relative) for relative in [*changed.added, changed.moved_to]}
    assert set(table(job, name).path) == set(table(whole, name).path) - gone | come


def test_a_removed_photograph_leaves_the_csv(changed):
    text = (changed.job.storage / "05_model_input" / "reduced_features.csv").read_text()
    assert changed.job.path(changed.removed) not in text
    assert all(changed.job.path(relative) in text for relative in changed.added)


@pytest.mark.parametrize("name", ["splits", "reduced_features", "predictions"])
def test_a_photograph_moved_to_another_label_is_relabelled(changed, name):
    rows = table(changed.job, name).set_index("path")
    assert rows.label[changed.job.path(changed.moved_to)] == "Tomato"


def test_refresh_starts_over(whole, tmp_path):
    job = whole.fork(tmp_path)
    before = set(job.parts("04_feature/features") + job.parts("02_intermediate/images"))
    job.run("ingestion", "featurization", refresh=True)
    assert job.report("ingestion")["read"] == USABLE + 3
    assert job.report("featurization")["inferred"] == USABLE + 1
    for name in ("images", "features"):
        pd.testing.assert_frame_equal(
            table(job, name), table(whole, name), check_exact=False, rtol=1e-6
        )
        [snapshot] = {row.file.split("/")[-2] for row in files_of(job, name)}
        assert snapshot not in before


def files_of(job: Job, name: str) -> list:
    return job.load(name).selectExpr("_metadata.file_path as file").distinct().collect()


# --- a pipeline alone ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(whole, tmp_path_factory) -> Job:
    """Reduction, then classification, on stored datasets; the photographs are away."""
    fork = whole.fork(tmp_path_factory.mktemp("alone"))
    job = Job(fork.images / "gone", fork.storage)
    job.run("reduction", reduction={"k": 4})
    job.run("classification", reduction={"k": 4})
    return job


def test_reduction_alone_reduces_the_stored_features(whole, alone):
    assert alone.load("reducer").k == 4
    stored, again = components(whole), components(alone)
    assert set(again) == set(stored)
    for path, values in again.items():
        np.testing.assert_allclose(values, stored[path][:4], atol=1e-4)
    assert alone.parts("04_feature/features") == whole.parts("04_feature/features")


def test_classification_alone_takes_the_stored_components(whole, alone):
    assert alone.load("classifier").reducer_id == alone.load("reducer").id
    assert alone.report("metrics")["k"] == 4
    assert [r.path for r in alone.rows("predictions")] == [r.path for r in whole.rows("splits")]


# --- other methods -------------------------------------------------------------------------------


def test_photographs_without_split_folders_are_split_at_random(flat):
    splits = table(flat, "splits")
    assert flat.report("metrics")["split"] == "random"
    tested = splits[splits.split == "test"].label.value_counts().to_dict()
    assert tested == dict.fromkeys(LABELS[:3], 2)
    assert len(splits) == 24


def test_a_share_of_variance_keeps_the_fewest_components_that_reach_it(flat):
    cumulative = flat.report("explained_variance")["cumulative"]
    assert cumulative[-1] >= 0.9
    assert all(share < 0.9 for share in cumulative[:-1])
    assert len(cumulative) > 1


def test_the_random_forest_is_there_by_parameter(flat):
    model = flat.load("classifier").model.stages[-1]
    assert (type(model).__name__, model.getNumTrees) == ("RandomForestClassificationModel", 20)
    assert flat.report("metrics")["classifier"] == "random_forest"
    assert flat.report("metrics")["accuracy"] > 1 / 3


def test_the_photographs_are_not_touched(whole):
    for path in (whole.images / "Training" / "Corn").iterdir():
        assert path.read_bytes() == (SAMPLE / "Training" / "Corn" / path.name).read_bytes()
