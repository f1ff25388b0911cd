"""Finds near-duplicates, likely wrong labels and outliers among photographs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.model.matrices import rows_of
from fruits_kedro.parameters import ReportingParameters
from fruits_kedro.storage.schemas import DATA_QUALITY
from fruits_kedro.storage.tables import Table

NEAR_DUPLICATE = "near_duplicate"
LIKELY_MISLABELLED = "likely_mislabelled"
OUTLIER = "outlier"

PHOTOGRAPHS = pc.field("variant") == 0
"""Rows of ``schemas.REDUCED_FEATURES`` that are photographs, and no augmented copies of one."""
_TRAIN = pc.field("split") == "train"
_HELD_OUT = pc.field("split").isin(["test", "validation"])
_WHERE = ["path", "label", "split", "sha256"]
_OTHER = [f"other_{name}" for name in _WHERE]

_BLOCK = 16384
"""Train rows compared at once: 20 MB of 300 float32."""
_JUDGED = 8
"""Fewest photographs of a label for a standard deviation; with fewer, none is an outlier."""
_TO_DEVIATIONS = 1.4826
"""Median absolute deviation to standard deviation, for normally distributed values."""

Vectors = npt.NDArray[np.float32]
Problems = pd.DataFrame
"""Columns of ``schemas.DATA_QUALITY``."""


def read_examined(reduced_features: Table, limit: int) -> tuple[pd.DataFrame, Vectors]:
    """Draw at most ``limit`` train rows and as many held-out rows evenly, to examine them.

    Returns path, label, split and sha256, and their components, brought to length 1.
    """
    columns = [*_WHERE, "components"]
    samples = [
        reduced_features.sample(columns, limit, PHOTOGRAPHS & part) for part in (_TRAIN, _HELD_OUT)
    ]
    rows = pa.concat_tables(samples)
    return _frame(rows), _unit_vectors(rows["components"])


def find_neighbours(
    examined: pd.DataFrame, vectors: Vectors, reduced_features: Table, k: int
) -> pd.DataFrame:
    """Add to each examined row (``vectors``, of length 1) what it resembles among train rows.

    ``cosine`` and ``other_…`` are of the most similar one, itself excluded (-inf and null without
    one). ``neighbours`` are labels of the up to k most similar ones, but no more than the row's
    label has other train rows: further neighbours necessarily have other labels.

    Time grows with the train rows. Memory holds one block of their components, and their names.
    """
    trains = _frame(reduced_features.read(_WHERE, PHOTOGRAPHS & _TRAIN))
    nearest = np.full((len(vectors), k + 1), -1, np.int64)
    cosines = np.full((len(vectors), k + 1), -np.inf, np.float32)
    batches = reduced_features.batches(["components"], PHOTOGRAPHS & _TRAIN)
    first = 0
    for block in _blocks(batches) if len(vectors) else ():
        rows, found = _most_similar(vectors, _unit_vectors(block["components"]), k)
        nearest, cosines = _best(
            np.hstack([nearest, rows + first]), np.hstack([cosines, found]), k + 1
        )
        first += block.num_rows
    hashes = np.array([*trains["sha256"], None], object)  # position -1 names no row
    itself = hashes[nearest] == examined["sha256"].to_numpy(object)[:, None]
    cosines[itself], nearest[itself] = -np.inf, -1
    nearest, cosines = _best(nearest, cosines, k)
    of_label = examined["label"].map(trains["label"].value_counts()).fillna(0).astype(int)
    asked = of_label - (examined["split"] == "train")
    labels = np.array([*trains["label"], None], object)[nearest]
    others = trains.reindex(nearest[:, 0]).reset_index(drop=True).add_prefix("other_")
    neighbours: Any = [
        [label for label in row[:most] if label is not None]
        for row, most in zip(labels.tolist(), asked, strict=True)
    ]
    return examined.join(others).assign(cosine=cosines[:, 0], neighbours=neighbours)


def find_problems(
    examined: pd.DataFrame, vectors: Vectors, parameters: ReportingParameters
) -> tuple[Problems, dict[str, Any]]:
    """Photographs to look at, the clearest of each kind first, and what was found in numbers.

    ``examined`` comes from ``find_neighbours``, with a column ``prediction``; ``vectors`` from
    ``read_examined``.
    """
    is_twin = examined["cosine"].to_numpy() >= parameters.near_duplicate
    twins = examined[is_twin & (examined["split"] != "train")]
    twins = _problems(NEAR_DUPLICATE, twins.assign(value=twins["cosine"]))
    wrong = _mislabelled(examined, parameters.agreement)
    strangeness = _strangeness(examined, vectors)
    far = examined.assign(value=strangeness, **dict.fromkeys(_OTHER))
    far = _problems(OUTLIER, far[strangeness >= parameters.outlier_deviations])
    return pd.concat([twins, wrong, far], ignore_index=True), {
        "examined": len(examined),
        "near_duplicates": _weigh(examined, twins, parameters.near_duplicate),
        "likely_mislabelled": _count(wrong),
        "outliers": _count(far),
    }


def _mislabelled(examined: pd.DataFrame, agreement: float) -> Problems:
    """Rows whose neighbours agree on one other label."""
    votes = [Counter(n).most_common(1)[0] if n else (None, 0) for n in examined["neighbours"]]
    names, counts = zip(*votes, strict=True) if votes else ((), ())
    share = np.array(counts) / np.maximum(examined["neighbours"].map(len), 1)
    voted = examined.assign(value=share, suggested_label=names)
    other = voted["suggested_label"] != voted["label"]
    return _problems(LIKELY_MISLABELLED, voted[other & (share >= agreement)])


def _strangeness(examined: pd.DataFrame, vectors: Vectors) -> npt.NDArray[np.float64]:
    """Distance from the centre of the label, in robust standard deviations of that distance."""
    strangeness = np.zeros(len(examined))
    for rows in examined.groupby("label", sort=False).indices.values():
        if len(rows) < _JUDGED:
            continue
        centre = vectors[rows].mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(centre)
        distance = 1 - vectors[rows] @ (centre / length if length else centre)
        off = distance - np.median(distance)
        spread = _TO_DEVIATIONS * np.median(np.abs(off))
        if spread > np.finfo(np.float32).eps:  # equal photographs have no deviation
            strangeness[rows] = off / spread
    return strangeness


def _problems(problem: str, found: pd.DataFrame) -> Problems:
    """Findings of one kind, the clearest first."""
    found = found.assign(problem=problem).reindex(columns=DATA_QUALITY.names)
    found = found.astype(dict.fromkeys(found.columns, object) | {"value": np.float64})
    found = found.replace({np.nan: None})
    return found.sort_values(["value", "path"], ascending=[False, True], ignore_index=True)


def _weigh(examined: pd.DataFrame, twins: Problems, threshold: float) -> dict[str, Any]:
    """Number of test photographs with a near-duplicate in train, and accuracy without them."""
    tested = examined[examined["split"] == "test"]
    has_twin = tested["sha256"].isin(twins["sha256"])
    predicted = tested["prediction"].notna()
    hit = tested["prediction"] == tested["label"]

    def accuracy(chosen: "pd.Series[bool]") -> float | None:
        return float(hit[chosen].mean()) if chosen.any() else None

    return {
        "similarity": threshold,
        "tested": len(tested),
        "tested_with_twin": int(has_twin.sum()),
        "without_twin": int((predicted & ~has_twin).sum()),
        "other_label": int((twins["label"] != twins["other_label"]).sum()),
        "accuracy": accuracy(predicted),
        "accuracy_with_twin": accuracy(predicted & has_twin),
        "accuracy_without_twin": accuracy(predicted & ~has_twin),
    }


def _count(problems: Problems) -> dict[str, Any]:
    by_label = problems.groupby("label").size().sort_index()
    return {"found": len(problems), "by_label": by_label.to_dict()}


def _blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches joined to blocks of about ``_BLOCK`` rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= _BLOCK:
            yield pa.Table.from_batches(held)
            held = []
    if any(batch.num_rows for batch in held):
        yield pa.Table.from_batches(held)


def _most_similar(
    vectors: Vectors, block: Vectors, k: int
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Positions in a block and cosines of the up to k + 1 rows most similar to each vector."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(k + 1, len(block)), algorithm="brute").fit(block)
    distances, found = search.kneighbors(vectors)
    cosines = 1 - distances.astype(np.float32) ** 2 / 2  # for vectors of length 1
    # A row of zeros is similar to nothing.
    some, candidates = (np.abs(rows).max(axis=1) > 0 for rows in (vectors, block))
    cosines[~(some[:, None] & candidates[found])] = 0
    return found, cosines


def _best(
    rows: npt.NDArray[np.int64], cosines: Vectors, k: int
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The k most similar of each row, the most similar first."""
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, 1), np.take_along_axis(cosines, order, 1)


def _unit_vectors(components: pa.ChunkedArray) -> Vectors:
    from sklearn.preprocessing import normalize

    vectors: Vectors = (
        normalize(rows_of(components)) if len(components) else np.zeros((0, 1), np.float32)
    )
    return vectors


def _frame(rows: pa.Table) -> pd.DataFrame:
    return rows.select(_WHERE).to_pandas().astype(object)
