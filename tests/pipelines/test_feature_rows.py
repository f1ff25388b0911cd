"""Rows of features are found, drawn evenly, and loaded in one order."""

import numpy as np
import pyarrow as pa
import pytest
from made_rows import names
from report_pages import stored

from fruits_kedro.pipelines.feature_rows import evenly, load_rows, locate_features
from fruits_kedro.storage import schemas

A, B, C, D = sorted(names(4))
PHOTOGRAPHS = pa.table(
    {
        "sha256": [B, A, D],
        "label": ["pear", "é", "pear"],
        "split": ["train", "test", "train"],
        "source": ["images", "own", "images"],
        "place": pa.array([None, "market", None], pa.string()),
        "capture": pa.array(["r", None, None], pa.string()),
    }
)


@pytest.fixture
def located(tmp_path):
    rows = [(B, "c", 10), (A, "f", 0), (B, "c", 2), (B, "f", 0), (B, "old", 0), (C, "f", 0)]
    rows += [(D, "f", 0), (A, "c", 1)]
    sha256, fingerprint, variant = (list(column) for column in zip(*rows, strict=True))
    features = stored(
        tmp_path / "features",
        schemas.FEATURES,
        sha256=sha256,
        fingerprint=fingerprint,
        variant=variant,
        features=[None if row[0] == D else [float(n), 1.0] for n, row in enumerate(rows)],
        reason=["undecodable" if row[0] == D else None for row in rows],
        studio=[True] * len(rows),
    )
    columns = {"sha256": [B, B], "variant": [10, 2], "fingerprint": ["c", "c"]}
    variants = pa.table(columns).select(schemas.VARIANTS.names).cast(schemas.VARIANTS)
    return features, locate_features(features, PHOTOGRAPHS, variants, "f")


def test_rows_of_present_photographs_and_wanted_copies_are_loaded_in_order(located):
    rows = load_rows(*located)
    assert rows.sha256.tolist() == [A, B, B, B]
    assert rows.variant.tolist() == [0, 0, 2, 10]
    assert rows.features[:, 0].tolist() == [1, 3, 2, 0]
    assert (rows.labels, rows.targets.tolist()) == (("pear", "é"), [1, 0, 0, 0])
    assert rows.own.tolist() == [True, False, False, False]
    assert (rows.place.tolist(), rows.capture.tolist()) == (["market", *[""] * 3], ["", *"rrr"])


def test_an_even_draw_keeps_photographs_with_their_copies(located, caplog):
    _, rows = located
    assert evenly(rows, 4, "rows") is rows
    with caplog.at_level("INFO", "fruits_kedro"):
        assert evenly(rows, 3, "reduction.rows")["sha256"].to_pylist() == [A]
    assert "reduction.rows=3" in caplog.text


def test_no_rows_are_rows(located):
    features, rows = located
    assert np.shape(load_rows(features, rows.slice(0, 0)).features) == (0, 0)
