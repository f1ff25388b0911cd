"""Chooses the photographs of the galleries from any number of predictions."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from fruits_kedro.pipelines.reporting.report.quality import (
    LIKELY_MISLABELLED,
    NEAR_DUPLICATE,
    OUTLIER,
)
from fruits_kedro.storage.tables import Table

COLUMNS = ["path", "label", "split", "sha256", "prediction", "probability"]
EXAMPLES = 3
"""Photographs of each side of a confused pair."""
_OF_A_LABEL = 4
"""Most problems of one label: one turn of a fruit would fill the gallery with one picture."""

Row = dict[str, Any]


def choose_tested(predictions: Table, count: int, right: bool) -> list[Row]:
    """Hits with the least confidence, or mistakes with the greatest, among test photographs."""
    label, prediction = pc.field("label"), pc.field("prediction")
    chosen = label == prediction if right else label != prediction
    return extreme_rows(predictions, (pc.field("split") == "test") & chosen, count, not right)


def choose_pairs(predictions: Table, confusions: pd.DataFrame, count: int) -> list[Row]:
    """The most confused (label, prediction), with their number of rows and photographs of both.

    ``support`` counts test photographs of the label, ``mistaken`` are those that got the
    prediction, and ``examples`` are train photographs of the prediction.
    """
    support = confusions.groupby("label")["rows"].sum()
    wrong = confusions[confusions["label"] != confusions["prediction"]]
    wrong = wrong.sort_values(["rows", "label", "prediction"], ascending=[False, True, True])
    pairs: list[Any] = wrong[["label", "prediction", "rows"]].head(count).to_dict("records")
    for pair in pairs:
        label, prediction = pair["label"], pair["prediction"]
        pair["support"] = int(support[label])
        for name, is_label, split in (
            ("mistaken", label, "test"),
            ("examples", prediction, "train"),
        ):
            shown = (pc.field("label") == is_label) & (pc.field("prediction") == prediction)
            shown &= pc.field("split") == split
            pair[name] = extreme_rows(predictions, shown, EXAMPLES, largest=True)
    return pairs


def choose_problems(problems: pd.DataFrame, count: int) -> dict[str, list[Row]]:
    """The clearest problems of each kind; near-duplicates with another label first."""
    across = (problems["problem"] == NEAR_DUPLICATE) & (
        problems["label"] != problems["other_label"]
    )
    ordered = problems.loc[across.sort_values(ascending=False, kind="stable").index]
    ordered = ordered.astype(object).where(ordered.notna(), None)
    chosen: dict[str, Any] = {}
    for kind in (NEAR_DUPLICATE, LIKELY_MISLABELLED, OUTLIER):
        of_kind = ordered[ordered["problem"] == kind].groupby("label", sort=False)
        chosen[kind] = of_kind.head(_OF_A_LABEL).head(count).to_dict("records")
    return chosen


def shown_photographs(*groups: Iterable[Row]) -> dict[str, str]:
    """Path by sha256 of every photograph of some rows, and of those shown beside them."""
    found: dict[str, str] = {}
    for row in (row for group in groups for row in group):
        inner = shown_photographs(row.get("mistaken", ()), row.get("examples", ()))
        own = {row.get(f"{side}sha256"): row.get(f"{side}path") for side in ("", "other_")}
        found |= inner | {sha: path for sha, path in own.items() if sha and path}
    return found


def extreme_rows(
    predictions: Table, condition: pc.Expression, count: int, largest: bool
) -> list[Row]:
    """Rows with the greatest or smallest probability, in the order of paths where it is equal.

    Of all rows of the table only the probabilities are read.
    """
    values = predictions.read(["probability"], condition)["probability"]
    if count < len(values):
        choose = pc.top_k_unstable if largest else pc.bottom_k_unstable
        last = values.take(choose(values, count))[count - 1]
        probability = pc.field("probability")
        condition &= probability >= last if largest else probability <= last
    order = "descending" if largest else "ascending"
    rows = predictions.read(COLUMNS, condition)
    rows = rows.sort_by([("probability", order), ("path", "ascending")])
    found: list[Row] = rows.slice(0, count).to_pylist()
    return found
