"""Twins, wrong labels and outliers that were put in are found, and nothing else is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_pages import PARAMETERS, stored

from fruits_kedro.pipelines.reporting.nodes import find_quality_problems
from fruits_kedro.pipelines.reporting.report import quality
from fruits_kedro.pipelines.reporting.report.quality import find_neighbours, read_examined
from fruits_kedro.storage.schemas import DATA_QUALITY, PREDICTIONS, REDUCED_FEATURES
from fruits_kedro.storage.tables import Table

LABELS = ("Apple", "Kiwi", "Pear")
EACH = 20


class Rows:
    """Three labels far apart, 15 train and 5 test photographs each, to be changed by a test."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.folder = folder
        self.frame = pd.DataFrame(
            [
                (f"/{split}/{label}/{number}.jpg", label, split, f"{label}{number}", label, 0)
                for split, numbers in (("train", range(15)), ("test", range(15, EACH)))
                for label in LABELS
                for number in numbers
            ],
            columns=["path", "label", "split", "sha256", "prediction", "variant"],
        )
        codes = pd.factorize(self.frame["label"])[0]
        self.vectors = np.eye(len(LABELS), 40)[codes] * 6 + rng.normal(size=(len(codes), 40))

    def place(self, name: str) -> int:
        return int(np.flatnonzero(self.frame["sha256"] == name)[0])

    def table(self) -> Table:
        vectors = self.vectors.astype(np.float32)
        return stored(self.folder / "reduced", REDUCED_FEATURES, **self.frame, components=vectors)

    def find(self, **changed: object) -> tuple[pd.DataFrame, dict]:
        parameters = PARAMETERS.model_copy(update=changed)
        photographs = self.frame[self.frame["variant"] == 0]
        predictions = stored(self.folder / "predictions", PREDICTIONS, **photographs)
        table, _, report = find_quality_problems(self.table(), predictions, parameters)
        assert table.schema == DATA_QUALITY
        return table.to_pandas(), report


@pytest.fixture
def rows(tmp_path) -> Rows:
    return Rows(tmp_path)


def found(problems: pd.DataFrame, problem: str) -> pd.DataFrame:
    return problems[problems["problem"] == problem]


def test_a_copy_across_the_border_is_found_and_weighed(rows):
    rows.vectors[rows.place("Kiwi17")] = rows.vectors[rows.place("Kiwi3")] + 0.01
    rows.frame.loc[rows.place("Pear16"), "prediction"] = "Apple"
    problems, report = rows.find()
    [twin] = found(problems, "near_duplicate").itertuples()
    assert (twin.sha256, twin.other_sha256, twin.other_split) == ("Kiwi17", "Kiwi3", "train")
    assert twin.value == pytest.approx(1, abs=1e-4)
    weighed = report["near_duplicates"]
    assert (weighed["tested"], weighed["tested_with_twin"], weighed["other_label"]) == (15, 1, 0)
    assert weighed["accuracy"] == pytest.approx(14 / 15)
    assert weighed["accuracy_with_twin"] == 1
    assert weighed["accuracy_without_twin"] == pytest.approx(13 / 14)


def test_a_wrong_label_is_found_with_the_right_one(rows):
    rows.frame.loc[rows.place("Apple2"), "label"] = "Pear"
    problems, report = rows.find()
    [wrong] = found(problems, "likely_mislabelled").itertuples()
    assert (wrong.sha256, wrong.label, wrong.suggested_label) == ("Apple2", "Pear", "Apple")
    assert report["likely_mislabelled"] == {"found": 1, "by_label": {"Pear": 1}}


def test_a_photograph_far_from_its_label_is_an_outlier(rows):
    rows.vectors[rows.place("Kiwi5")] *= -4
    problems, _ = rows.find()
    assert "Kiwi5" in set(found(problems, "outlier")["sha256"])
    assert set(found(problems, "outlier")["label"]) == {"Kiwi"}


def test_photographs_in_order_have_no_problem(rows):
    problems, report = rows.find()
    assert problems.empty
    assert report["near_duplicates"]["accuracy"] == 1
    assert (report["photographs"], report["examined"]) == (60, 60)


def test_labels_of_few_photographs_are_not_called_wrong(rows):
    """Of ten neighbours of one of two photographs nine must have another label."""
    few = (rows.frame["label"] != "Kiwi") | rows.frame["sha256"].isin(["Kiwi1", "Kiwi2"])
    rows.frame, rows.vectors = rows.frame[few], rows.vectors[few.to_numpy()]
    problems, _ = rows.find()
    assert found(problems, "likely_mislabelled").empty


@pytest.mark.parametrize("vectors", ["alike", "zero", "different"])
def test_without_predictions_labels_or_differences_every_number_is_one(rows, vectors):
    rows.frame = rows.frame.assign(label="Apple", prediction=None)
    if vectors != "different":
        rows.vectors[:] = vectors == "alike"
    _, report = rows.find()
    assert report["near_duplicates"]["accuracy"] is None
    assert report["near_duplicates"]["tested_with_twin"] == (15 if vectors == "alike" else 0)
    assert report["likely_mislabelled"]["found"] == 0


def test_copies_and_photographs_outside_of_the_split_are_nobodys_twin(rows):
    """An augmented copy of a test photograph's twin would count as one."""
    twin = rows.frame.iloc[[rows.place("Kiwi17")]]
    beside = [twin.assign(split="train", variant=1), twin.assign(split="outside", sha256="o")]
    rows.frame = pd.concat([rows.frame, *beside], ignore_index=True)
    rows.vectors = np.vstack([rows.vectors, *[rows.vectors[[rows.place("Kiwi17")]]] * 2])
    problems, report = rows.find()
    assert problems.empty
    assert report["photographs"] == 61


def test_a_sample_is_compared_with_every_train_photograph(rows):
    rows.vectors[rows.place("Apple15")] = rows.vectors[rows.place("Apple9")]  # smallest of test
    problems, report = rows.find(examined=2)
    assert report["examined"] == 4
    assert report["near_duplicates"]["tested"] == 2
    [twin] = found(problems, "near_duplicate").itertuples()
    assert twin.other_sha256 == "Apple9"


def test_without_train_or_test_photographs_there_is_nothing_to_find(rows):
    for split in ("train", "test"):
        rows.frame["split"] = split
        rows.folder = rows.folder / split
        problems, report = rows.find()
        assert problems.empty
        assert report["near_duplicates"]["tested_with_twin"] == 0


@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_the_nearest_are_those_of_a_plain_computation(rows, monkeypatch, block):
    monkeypatch.setattr(quality, "_BLOCK", block)
    monkeypatch.setattr("fruits_kedro.storage.tables._BATCH_ROWS", 5)
    table = rows.table()
    examined, vectors = read_examined(table, 30)
    near = find_neighbours(examined, vectors, table, 4)
    trains = rows.vectors[:45] / np.linalg.norm(rows.vectors[:45], axis=1, keepdims=True)
    alike = vectors @ trains.astype(np.float32).T
    names = rows.frame["sha256"].to_numpy(object)[:45]
    alike[examined["sha256"].to_numpy(object)[:, None] == names] = -2
    order = np.argsort(-alike, axis=1)[:, :4]
    assert (near["other_sha256"] == names[order[:, 0]]).all()
    assert [[name.rstrip("0123456789") for name in row] for row in names[order]] == [
        *near.neighbours
    ]
    np.testing.assert_allclose(near["cosine"], alike.max(axis=1), atol=1e-5)
