"""Twins, wrong labels and outliers that were put in are found, and nothing else is."""

import numpy as np
import pandas as pd
import pytest
from report_pages import PARAMETERS

from fruits_kedro.pipelines.reporting.report.quality import find_problems
from fruits_kedro.storage.schemas import DATA_QUALITY

LABELS = ("Apple", "Kiwi", "Pear")
EACH = 20


def made_up(seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Three labels far apart, 15 train and 5 test photographs each, and what was put in."""
    rng = np.random.default_rng(seed)
    centres = np.eye(len(LABELS), 40) * 6
    rows, vectors = [], []
    for split, numbers in (("train", range(15)), ("test", range(15, EACH))):
        for label, centre in zip(LABELS, centres, strict=True):
            for number in numbers:
                path = f"/{split}/{label}/{number}.jpg"
                rows.append((path, label, split, f"{label}{number}", label))
                vectors.append(centre + rng.normal(size=40))
    columns = ["path", "label", "split", "sha256", "prediction"]
    return pd.DataFrame(rows, columns=columns), np.array(vectors, np.float32)


def place(photographs: pd.DataFrame, name: str) -> int:
    return int(np.flatnonzero(photographs["sha256"] == name)[0])


def found(problems: pd.DataFrame, problem: str) -> pd.DataFrame:
    return problems[problems["problem"] == problem]


def test_a_copy_across_the_border_is_found_and_weighed():
    photographs, vectors = made_up()
    vectors[place(photographs, "Kiwi17")] = vectors[place(photographs, "Kiwi3")] + 0.01
    photographs.loc[place(photographs, "Pear16"), "prediction"] = "Apple"
    problems, report = find_problems(photographs, vectors, PARAMETERS)
    [twin] = found(problems, "near_duplicate").itertuples()
    assert (twin.sha256, twin.other_sha256, twin.other_split) == ("Kiwi17", "Kiwi3", "train")
    assert twin.value == pytest.approx(1, abs=1e-4)
    weighed = report["near_duplicates"]
    assert (weighed["tested"], weighed["tested_with_twin"], weighed["other_label"]) == (15, 1, 0)
    assert weighed["accuracy"] == pytest.approx(14 / 15)
    assert weighed["accuracy_with_twin"] == 1
    assert weighed["accuracy_without_twin"] == pytest.approx(13 / 14)


def test_a_wrong_label_is_found_with_the_right_one():
    photographs, vectors = made_up()
    photographs.loc[place(photographs, "Apple2"), "label"] = "Pear"
    problems, report = find_problems(photographs, vectors, PARAMETERS)
    [wrong] = found(problems, "likely_mislabelled").itertuples()
    assert (wrong.sha256, wrong.label, wrong.suggested_label) == ("Apple2", "Pear", "Apple")
    assert report["likely_mislabelled"] == {"found": 1, "by_label": {"Pear": 1}}


def test_a_photograph_far_from_its_label_is_an_outlier():
    photographs, vectors = made_up()
    strange = place(photographs, "Kiwi5")
    vectors[strange] = -4 * vectors[strange]
    problems, _ = find_problems(photographs, vectors, PARAMETERS)
    assert "Kiwi5" in set(found(problems, "outlier")["sha256"])
    assert set(found(problems, "outlier")["label"]) == {"Kiwi"}


def test_photographs_in_order_have_no_problem():
    problems, report = find_problems(*made_up(), PARAMETERS)
    assert problems.empty
    assert [name.split()[0] for name in DATA_QUALITY.split(", ")] == list(problems.columns)
    assert report["near_duplicates"]["accuracy"] == 1


def test_labels_of_few_photographs_are_not_called_wrong():
    """Of ten neighbours of one of two photographs nine must have another label."""
    photographs, vectors = made_up()
    few = (photographs["label"] != "Kiwi") | photographs["sha256"].isin(["Kiwi1", "Kiwi2"])
    problems, _ = find_problems(
        photographs[few].reset_index(drop=True), vectors[few.to_numpy()], PARAMETERS
    )
    assert found(problems, "likely_mislabelled").empty


@pytest.mark.parametrize("alike", [True, False])
def test_without_predictions_labels_or_differences_every_number_is_one(alike):
    photographs, vectors = made_up()
    photographs = photographs.assign(label="Apple", prediction=None)
    _, report = find_problems(photographs, np.ones_like(vectors) if alike else vectors, PARAMETERS)
    assert report["near_duplicates"]["accuracy"] is None
    assert report["likely_mislabelled"]["found"] == 0
