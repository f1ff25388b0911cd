"""No name runs in a spreadsheet, and every name comes back to the letter."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fruits_kedro.datasets.spreadsheets import neutralise, neutralise_columns, restore_columns

SIGNS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - Excel takes the full-width signs as well
NAMES = st.text(st.sampled_from(SIGNS + "'a1, \""), max_size=6)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_becomes_text(sign):
    names = pa.array([f"{sign}SUM(1)", f"'{sign}x", f"a{sign}", None, ""])
    written = [f"'{sign}SUM(1)", f"''{sign}x", f"a{sign}", None, ""]
    assert neutralise(names).to_pylist() == written


@given(st.lists(NAMES, min_size=1))
def test_no_cell_starts_like_a_formula_and_all_come_back(names):
    table = pd.DataFrame({"label": pd.Series(names, dtype="str"), "rows": range(len(names))})
    written = neutralise_columns(table, ("label", "absent"))
    assert not [name for name in written.label if name.startswith(tuple(SIGNS))]
    assert written.label.tolist() == neutralise(pa.array(names)).to_pylist()
    assert restore_columns(written, ("label",)).equals(table)
