"""What the features say of the photographs themselves: twins, wrong labels, outliers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.pipelines.reporting.report.neighbours import (
    Neighbours,
    Vectors,
    find_neighbours,
    unit_vectors,
)

NEAR_DUPLICATE = "near_duplicate"
LIKELY_MISLABELLED = "likely_mislabelled"
OUTLIER = "outlier"

_JUDGED = 8
"""Photographs that a label needs for a spread of its own: of fewer none is an outlier."""
_TO_DEVIATIONS = 1.4826
"""Median absolute deviation to standard deviation, of normally distributed values."""

Problems = pd.DataFrame
"""Columns of ``schemas.DATA_QUALITY``."""


def find_problems(
    photographs: pd.DataFrame, components: Vectors, parameters: ReportingParameters
) -> tuple[Problems, dict[str, Any]]:
    """Photographs to look at, the clearest of each kind first, and what was found in numbers.

    Args:
        photographs: path, label, split, sha256 and, where there is a classifier, its prediction
            (else null); train rows first.
        components: ``(rows, k)`` float32, in the same order.
        parameters: What counts as a problem.
    """
    vectors = unit_vectors(components)
    trains = int((photographs["split"] == "train").sum())
    neighbours = find_neighbours(vectors, trains, parameters.neighbours)
    twins = _near_duplicates(photographs, neighbours, parameters.near_duplicate)
    wrong = _mislabelled(photographs, neighbours, parameters.agreement)
    far = _outliers(photographs, vectors, parameters.outlier_deviations)
    found = pd.concat([twins, wrong, far], ignore_index=True)
    return found, {
        "examined": len(photographs),
        "near_duplicates": _weigh(photographs, twins, parameters.near_duplicate),
        "likely_mislabelled": _count(wrong),
        "outliers": _count(far),
    }


def _near_duplicates(
    photographs: pd.DataFrame, neighbours: Neighbours, threshold: float
) -> Problems:
    held_out = (photographs["split"] != "train").to_numpy()
    rows = np.flatnonzero(held_out & (neighbours.twin_similarity >= threshold))
    return _problems(
        NEAR_DUPLICATE,
        photographs,
        rows,
        value=neighbours.twin_similarity[rows],
        other=neighbours.twin[rows],
    )


def _mislabelled(photographs: pd.DataFrame, neighbours: Neighbours, agreement: float) -> Problems:
    """Rows whose neighbours agree on one other label.

    Of a label with few photographs only so many neighbours are asked as it has others: more could
    not but have other labels.
    """
    codes, names = pd.factorize(photographs["label"], sort=True)
    others = np.bincount(codes, minlength=len(names))[codes] - 1
    asked = np.minimum(others, neighbours.nearest.shape[1])
    places = np.arange(neighbours.nearest.shape[1])
    votes = np.where(places < asked[:, None], codes[neighbours.nearest], -1)
    winner, count = _most_frequent(votes, len(names))
    share = np.divide(count, asked, out=np.zeros(len(codes)), where=asked > 0)
    rows = np.flatnonzero((winner != codes) & (share >= agreement))
    return _problems(
        LIKELY_MISLABELLED,
        photographs,
        rows,
        value=share[rows],
        suggested=np.asarray(names, dtype=object)[winner[rows]],
        other=neighbours.nearest[rows, 0] if len(rows) else rows,
    )


def _most_frequent(
    votes: npt.NDArray[np.int64], kinds: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The most frequent value of each row, and how often it is there; -1 is no value."""
    winner, most = np.full(len(votes), -1), np.zeros(len(votes), np.int64)
    for place in range(votes.shape[1]):
        vote = votes[:, place]
        count = np.where(vote >= 0, (votes == vote[:, None]).sum(axis=1), 0)
        better = count > most
        winner[better], most[better] = vote[better], count[better]
    return winner, most


def _outliers(photographs: pd.DataFrame, vectors: Vectors, deviations: float) -> Problems:
    """Rows far from the centre of their label, in robust standard deviations of that distance."""
    strangeness = np.zeros(len(photographs))
    for rows in photographs.groupby("label", sort=False).indices.values():
        if len(rows) < _JUDGED:
            continue
        centre = unit_vectors(vectors[rows].mean(axis=0, keepdims=True))[0]
        distance = 1 - vectors[rows].astype(np.float64) @ centre
        off = distance - np.median(distance)
        spread = _TO_DEVIATIONS * np.median(np.abs(off))
        if spread > np.finfo(np.float32).eps:  # photographs all alike have none
            strangeness[rows] = off / spread
    rows = np.flatnonzero(strangeness >= deviations)
    return _problems(OUTLIER, photographs, rows, value=strangeness[rows])


def _problems(
    problem: str,
    photographs: pd.DataFrame,
    rows: npt.NDArray[np.int64],
    value: Any,
    suggested: Any = None,
    other: npt.NDArray[np.int64] | None = None,
) -> Problems:
    found = photographs.iloc[rows][["path", "label", "split", "sha256"]].reset_index(drop=True)
    found.insert(0, "problem", problem)
    found["value"] = np.asarray(value, dtype=np.float64)
    found["suggested_label"] = None if suggested is None else suggested
    for name in ("path", "label", "split", "sha256"):
        column = None if other is None else photographs[name].to_numpy(dtype=object)[other]
        found[f"other_{name}"] = column
    found = found.astype({n: object for n in found.columns if n != "value"})
    return found.sort_values(["value", "path"], ascending=[False, True], ignore_index=True)


def _weigh(photographs: pd.DataFrame, twins: Problems, threshold: float) -> dict[str, Any]:
    """How many test photographs have a twin that trained, and how accuracy is without them."""
    tested = photographs[photographs["split"] == "test"]
    has_twin = tested["sha256"].isin(twins["sha256"])
    answer = {
        "similarity": threshold,
        "held_out": int((photographs["split"] != "train").sum()),
        "tested": len(tested),
        "tested_with_twin": int(has_twin.sum()),
        "other_label": int((twins["label"] != twins["other_label"]).sum()),
    }
    predicted = tested["prediction"].notna()
    hit = tested["prediction"] == tested["label"]
    return answer | {
        "accuracy": _share(hit[predicted]),
        "accuracy_with_twin": _share(hit[predicted & has_twin]),
        "accuracy_without_twin": _share(hit[predicted & ~has_twin]),
        "without_twin": int((predicted & ~has_twin).sum()),
    }


def _share(hits: "pd.Series[bool]") -> float | None:
    return float(hits.mean()) if len(hits) else None


def _count(problems: Problems) -> dict[str, Any]:
    by_label = problems.groupby("label").size().sort_index()
    return {
        "found": len(problems),
        "by_label": {str(label): int(rows) for label, rows in by_label.items()},
    }
