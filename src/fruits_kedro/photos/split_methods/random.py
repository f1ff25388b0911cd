"""A random split, stable across reruns, row order and changes of other labels."""

import numpy as np
import pandas as pd
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
        photographs = rows.select(["label", "sha256"]).to_pandas().assign(draw=drawn)
        is_test = _share_of_each(photographs, ~validates, parameters.test_share)
    else:
        is_test = drawn % 10**9 < int(parameters.test_share * 10**9)
    split = np.where(validates, "validation", np.where(is_test, "test", "train"))
    return pa.array(split, pa.string())


def _share_of_each(photographs: pd.DataFrame, may_test: np.ndarray, share: float) -> np.ndarray:
    """True for the rows of each label with the smallest draws, but never for all of them."""
    ordered = photographs[may_test].sort_values(["label", "draw", "sha256"])
    by_label = ordered.groupby("label")
    rows = by_label["draw"].transform("size")
    tests = np.minimum(np.floor(rows * share + 0.5), rows - 1)
    is_test = np.zeros(len(photographs), bool)
    is_test[ordered.index[by_label.cumcount() < tests]] = True
    return is_test
