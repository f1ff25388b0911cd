"""A random split, stable across reruns, row order and changes of other labels."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.parameters import SplitParameters
from fruits_kedro.photos.draws import draw


def assign(rows: pa.Table, parameters: SplitParameters) -> pa.Array:
    """Draw by a hash of each photograph's sha256 and the seed.

    Validation photographs of the folders keep their split. In a stratified draw at least one row of
    every label trains.
    """
    validates = pc.fill_null(pc.equal(rows.column("split"), "validation"), False).to_numpy()
    drawn = draw(rows.column("sha256"), parameters.seed)
    if parameters.stratified:
        labels = rows.column("label").combine_chunks().dictionary_encode().indices.to_numpy()
        is_test = _share_of_each(
            labels, drawn, rows.column("sha256"), ~validates, parameters.test_share
        )
    else:
        is_test = drawn % 10**9 < int(parameters.test_share * 10**9)
    split = np.where(validates, "validation", np.where(is_test, "test", "train"))
    return pa.array(split, pa.string())


def _share_of_each(
    labels: np.ndarray,
    draw: np.ndarray,
    sha256: pa.ChunkedArray,
    may_test: np.ndarray,
    share: float,
) -> np.ndarray:
    """True for the rows of each label with the smallest draws, but never for all of them."""
    keys = pa.table({"label": labels, "draw": draw, "sha256": sha256}).append_column(
        "row", pa.array(np.arange(len(labels)))
    )
    ordered = keys.filter(pa.array(may_test)).sort_by(
        [(key, "ascending") for key in keys.column_names]
    )
    label = ordered.column("label").to_numpy()
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    rows = np.diff(starts, append=len(label))
    rank = np.arange(len(label)) - np.repeat(starts, rows)
    tests = np.minimum(np.floor(rows * share + 0.5), rows - 1)
    is_test = np.zeros(len(labels), bool)
    is_test[ordered.column("row").to_numpy()[rank < np.repeat(tests, rows)]] = True
    return is_test
