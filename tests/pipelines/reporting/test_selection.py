"""The extremes of a table of predictions, and what is shown of problems."""

import pandas as pd
import pytest
from report_pages import stored

from fruits_kedro.pipelines.reporting.report import selection
from fruits_kedro.storage.schemas import PREDICTIONS
from fruits_kedro.storage.tables import Table

ROWS = [
    # label, split, prediction, probability
    ("Apple", "test", "Apple", 0.9),
    ("Apple", "test", "Pear", 0.8),
    ("Apple", "test", "Pear", 0.7),
    ("Apple", "train", "Pear", 0.99),
    ("Pear", "test", "Apple", 0.6),
    ("Pear", "test", "Pear", 0.4),
    ("Pear", "train", "Pear", 0.5),
    ("Pear", "train", "Pear", 0.95),
]


@pytest.fixture(scope="module")
def predictions(tmp_path_factory) -> Table:
    names = ["label", "split", "prediction", "probability"]
    columns = pd.DataFrame(ROWS, columns=names).to_dict("list")
    columns["path"] = [f"/{n}" for n in range(len(ROWS))]
    columns["sha256"] = [f"{n:064}" for n in range(len(ROWS))]
    return stored(tmp_path_factory.mktemp("selection") / "predictions", PREDICTIONS, **columns)


def paths(rows: list[dict]) -> list[str]:
    return [row["path"] for row in rows]


@pytest.mark.parametrize("count", [2, 50])
def test_mistakes_and_hits_are_those_of_the_test_photographs(predictions, count):
    mistakes = selection.choose_tested(predictions, count, right=False)
    assert paths(mistakes) == ["/1", "/2", "/4"][:count]
    assert paths(selection.choose_tested(predictions, count, right=True)) == ["/5", "/0"]


def test_pairs_come_with_photographs_of_both(predictions):
    confusions = pd.DataFrame(
        [("Apple", "Apple", 1), ("Apple", "Pear", 2), ("Pear", "Apple", 1), ("Pear", "Pear", 1)],
        columns=["label", "prediction", "rows"],
    )
    first, second = selection.choose_pairs(predictions, confusions, 5)
    names = ("label", "prediction", "rows", "support")
    assert [first[name] for name in names] == ["Apple", "Pear", 2, 3]
    assert paths(first["mistaken"]) == ["/1", "/2"]
    assert paths(first["examples"]) == ["/7", "/6"]
    assert paths(second["mistaken"]) == ["/4"]
    assert second["examples"] == []
    shown = selection.shown_photographs([first, second])
    assert list(shown.values()) == ["/1", "/2", "/7", "/6", "/4"]


def test_problems_come_clearest_first_and_few_of_one_label():
    columns = ["problem", "label", "other_label", "path", "sha256"]
    rows = [("near_duplicate", "Apple", "Apple", f"/{n}", f"{n}") for n in range(9)]
    rows += [("near_duplicate", "Pear", "Apple", "/p", "p"), ("outlier", "Kiwi", None, "/k", "k")]
    chosen = selection.choose_problems(pd.DataFrame(rows, columns=columns), 24)
    assert paths(chosen["near_duplicate"]) == ["/p", "/0", "/1", "/2", "/3"]
    assert chosen["likely_mislabelled"] == []
    assert chosen["outlier"][0]["other_label"] is None
