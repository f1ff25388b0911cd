"""Photographs that nothing can be learnt from: a sentence or a sensible result, and no NaN."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from made_rows import names
from report_pages import stored
from sentences import sentence_of

from fruits_kedro.datasets import TableDataset
from fruits_kedro.model.backbone import Backbone, BackboneSpec
from fruits_kedro.parameters import Parameters
from fruits_kedro.pipelines.classification import nodes as classification
from fruits_kedro.pipelines.reduction import nodes as reduction
from fruits_kedro.storage import schemas

BACKBONE = Backbone(BackboneSpec("weights", 224, "float32"), b"")
Photo = tuple[str, str, Any]
"""Label, split and features of a photograph."""


class Job:
    """The stages after featurization, on made-up features."""

    def __init__(self, folder: Path, parameters: Parameters, photos: list[Photo], copies: int = 1):
        self.folder = folder
        self.fits = parameters.reduction, parameters.classification, parameters.own
        frame = pd.DataFrame(photos, columns=["label", "split", "features"])
        frame = frame.assign(sha256=names(len(photos)), source="images", status="kept", studio=True)
        frame = frame.assign(path="/photos/" + frame["sha256"], variant=0)
        frame["fingerprint"] = BACKBONE.fingerprint
        copied = frame[(frame["split"] == "train") & bool(copies)]
        copied = copied.assign(variant=1, fingerprint="the recipe of copies")
        random = np.random.default_rng(0)
        copied["features"] = [
            row + 0.1 * random.normal(size=len(row)) for row in copied["features"]
        ]
        both = pd.concat([frame, copied])
        both["features"] = [np.asarray(row, np.float32) for row in both["features"]]
        made = {"features": both, "photographs": frame, "variants": copied}
        tables = {
            name: stored(folder / name, getattr(schemas, name.upper()), **rows.to_dict("list"))
            for name, rows in made.items()
        }
        self.labels, self.tables = frame["label"], (*tables.values(), BACKBONE)

    def saved(self, table: str, frame: Any) -> Any:
        dataset = TableDataset(filepath=str(self.folder / table.lower()), table=table)
        dataset.save(frame)
        return dataset.load()

    def reduce(self) -> None:
        self.reducer = reduction.fit_reducer_on_train(*self.tables, *self.fits[::2])
        reduced = reduction.reduce_features(*self.tables, self.reducer)
        self.reduced = self.saved("REDUCED_FEATURES", reduced)

    def classify(self) -> None:
        trained = classification.train_on_train(self.reduced, self.reducer, *self.fits[1:])
        self.classifier, self.calibration = classification.calibrate_on_held_out(
            trained, *self.tables, self.reducer, *self.fits
        )
        predicted = classification.predict_labels(self.reduced, self.classifier)
        self.predictions = self.saved("PREDICTIONS", predicted)

    def measure(self) -> dict[str, Any]:
        self.confusions = classification.count_test_confusions(self.predictions)
        self.variance = reduction.summarise_variance(self.reducer)
        return classification.measure_classifier(
            self.confusions,
            self.predictions,
            self.variance,
            {"kept_by_label": dict.fromkeys(self.labels, 1), "read": 0},
            {"fingerprint": "", "inferred": 0},
            {"method": "folder"},
            self.calibration,
            self.fits[1],
        )

    def run(self) -> dict[str, Any]:
        """All of it; every number that comes out is one."""
        self.reduce()
        self.classify()
        metrics = self.measure()
        for report in (metrics, self.calibration, self.variance):
            json.loads(json.dumps(report), parse_constant=pytest.fail)
        map_points = reduction.place_map_points(self.reduced, self.fits[0])
        for table in (self.reduced.read(), self.predictions.read(), map_points):
            for field in table.schema:
                column = table[field.name].drop_null().combine_chunks()
                if pa.types.is_list(field.type):
                    column = column.flatten()
                if pa.types.is_floating(column.type):
                    assert np.isfinite(column.to_numpy()).all(), field.name
        for model in (self.reducer, self.classifier):
            for array in model.arrays().values():
                if np.asarray(array).dtype.kind == "f":
                    assert np.isfinite(array).all()
        for figure in (
            reduction.plot_scree(self.variance),
            classification.plot_confusion_matrix(self.confusions),
            classification.plot_reliability(self.calibration),
        ):
            assert "NaN" not in figure.to_json()
        return metrics


@pytest.fixture
def job(spark, tmp_path, parameters):
    return lambda photos, **more: Job(tmp_path, parameters, photos, **more)


def picture(seed: int) -> Any:
    """Features of a picture."""
    return np.abs(np.random.default_rng(seed).normal(size=24))


def frames(label: str, split: str, count: int, seed: int) -> list[Photo]:
    """Photographs of one fruit, a little different each."""
    random = np.random.default_rng(seed + 100)
    return [
        (label, split, picture(seed) + 0.1 * np.abs(random.normal(size=24))) for _ in range(count)
    ]


# --- labels --------------------------------------------------------------------------------------


def test_a_label_that_only_tests_counts_as_wrong(job):
    photos = frames("Kiwi", "test", 2, 2)
    for seed, name in enumerate(("Apple", "Corn")):
        photos += frames(name, "train", 4, seed) + frames(name, "test", 2, seed)
    made = job(photos)
    metrics = made.run()
    nothing = {"support": 2, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert metrics["per_label"]["Kiwi"] == nothing
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    assert made.classifier.labels == ("Apple", "Corn")


def test_photographs_of_which_none_tests_are_a_sentence(job):
    made = job([photo for n in range(3) for photo in frames(f"label {n}", "train", 1, n)])
    made.reduce()
    made.classify()
    sentence_of(made.measure)


def test_one_photograph_of_each_label_in_both_splits_is_enough(job, caplog):
    made = job(
        [photo for n in range(3) for s in ("train", "test") for photo in frames(f"{n}", s, 1, n)]
    )
    metrics = made.run()
    assert metrics["rows"] == {"test": 3, "train": 3}
    assert metrics["k"] == 5, "each train photograph has a copy"
    assert f"reduction.k={made.fits[0].k} lowered to 5" in caplog.text


# --- features ------------------------------------------------------------------------------------


def test_one_picture_everywhere_is_a_sentence(job):
    splits = ("train",) * 4 + ("test",)
    made = job([(label, split, picture(0)) for label in ("Apple", "Corn") for split in splits])
    sentence_of(made.reduce)


def test_one_picture_of_each_label_has_one_component_that_tells_all(job):
    splits = ("train",) * 4 + ("test",)
    made = job([(str(n), split, picture(n)) for n in range(2) for split in splits], copies=0)
    assert made.run()["accuracy"] == 1
    assert made.variance["explained_variance_ratio"][0] == pytest.approx(1)


def test_the_same_pictures_under_every_label_are_guessed(job):
    splits = ("train",) * 4 + ("test",)
    rows = [(str(n), split, picture(m)) for n in range(2) for m in range(2) for split in splits]
    assert 0 <= job(rows).run()["accuracy"] <= 1
