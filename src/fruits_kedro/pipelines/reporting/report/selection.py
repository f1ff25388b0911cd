"""Which photographs the report shows, out of any number of predictions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from fruits_kedro.pipelines.reporting.report.quality import (
    LIKELY_MISLABELLED,
    NEAR_DUPLICATE,
    OUTLIER,
)
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.stored_rows import read_rows

if TYPE_CHECKING:
    import pyarrow.compute as pc

COLUMNS = ["path", "label", "split", "sha256", "prediction", "probability"]
EXAMPLES = 3
"""Photographs of each side of a confused pair."""
_OF_A_LABEL = 4
"""Problems shown of a label: a turn of one fruit would fill the gallery with one picture."""

Row = dict[str, Any]


def choose_mistakes(predictions: DataFrame, count: int) -> list[Row]:
    """Test photographs that were given a wrong label with the greatest confidence."""
    import pyarrow.compute as pc

    wrong = (pc.field("split") == "test") & (pc.field("label") != pc.field("prediction"))
    return extreme_rows(predictions, wrong, count, largest=True)


def choose_hits(predictions: DataFrame, count: int) -> list[Row]:
    """Test photographs that were given the right label with the least confidence."""
    import pyarrow.compute as pc

    right = (pc.field("split") == "test") & (pc.field("label") == pc.field("prediction"))
    return extreme_rows(predictions, right, count, largest=False)


def choose_pairs(predictions: DataFrame, confusions: pd.DataFrame, count: int) -> list[Row]:
    """The most confused (label, prediction), with photographs of both.

    Returns:
        label, prediction, rows (how often), support (test photographs of the label), ``mistaken``
        (photographs of the label that got the prediction) and ``examples`` (train photographs of
        the prediction).
    """
    support = confusions.groupby("label")["rows"].sum()
    wrong = confusions[confusions["label"] != confusions["prediction"]]
    wrong = wrong.sort_values(["rows", "label", "prediction"], ascending=[False, True, True])
    pairs = []
    for label, prediction, rows in wrong[["label", "prediction", "rows"]].head(count).to_numpy():
        mistaken, right = _is(label, prediction, "test"), _is(prediction, prediction, "train")
        pairs.append(
            {
                "label": label,
                "prediction": prediction,
                "rows": int(rows),
                "support": int(support[label]),
                "mistaken": extreme_rows(predictions, mistaken, EXAMPLES, largest=True),
                "examples": extreme_rows(predictions, right, EXAMPLES, largest=True),
            }
        )
    return pairs


def choose_problems(problems: pd.DataFrame, count: int) -> dict[str, Any]:
    """The clearest of each kind, few of any label; first near-duplicates with another label."""
    twins = problems[problems["problem"] == NEAR_DUPLICATE]
    across = (twins["label"] != twins["other_label"]).rename("across")
    twins = twins.assign(across=across).sort_values("across", ascending=False, kind="stable")
    kinds = {
        NEAR_DUPLICATE: twins.drop(columns="across"),
        LIKELY_MISLABELLED: problems[problems["problem"] == LIKELY_MISLABELLED],
        OUTLIER: problems[problems["problem"] == OUTLIER],
    }
    return {
        kind: _records(frame.groupby("label", sort=False).head(_OF_A_LABEL).head(count))
        for kind, frame in kinds.items()
    }


def shown_photographs(*groups: Iterable[Row]) -> list[tuple[str, str]]:
    """(sha256, path) of every photograph of some rows and of those beside them, once."""
    found: dict[str, str] = {}
    for group in groups:
        for row in group:
            for inner in ("mistaken", "examples"):
                found |= {r["sha256"]: r["path"] for r in row.get(inner, ())}
            for prefix in ("", "other_"):
                if row.get(f"{prefix}sha256"):
                    found[row[f"{prefix}sha256"]] = row[f"{prefix}path"]
    return list(found.items())


def extreme_rows(
    predictions: DataFrame, condition: "pc.Expression", count: int, largest: bool
) -> list[Row]:
    """Rows with the greatest or smallest probability, by path where it is the same.

    Of a table of any size: only probabilities are read of all rows.
    """
    import pyarrow.compute as pc

    values = read_rows(predictions, ["probability"], condition)["probability"]
    if count < len(values):
        choose = pc.top_k_unstable if largest else pc.bottom_k_unstable
        last = values.take(choose(values, count))[count - 1]
        within = pc.field("probability") >= last if largest else pc.field("probability") <= last
        condition &= within
    order = "descending" if largest else "ascending"
    rows = read_rows(predictions, COLUMNS, condition)
    rows = rows.sort_by([("probability", order), ("path", "ascending")])
    found: list[Row] = rows.slice(0, count).to_pylist()
    return found


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _is(label: str, prediction: str, split: str) -> "pc.Expression":
    import pyarrow.compute as pc

    return (
        (pc.field("label") == label)
        & (pc.field("prediction") == prediction)
        & (pc.field("split") == split)
    )
