"""Rows are in one order, copies follow their photographs, and own photographs have their share."""

import numpy as np
import pyarrow as pa
import pytest
from made_rows import LABELS, make_rows

from fruits_kedro.model.rows import Rows


def table(**columns: list) -> pa.Table:
    count = len(columns["sha256"])
    given = {
        "label": ["b"] * count,
        "split": ["train"] * count,
        "capture": pa.array([None] * count, pa.string()),
        "place": pa.array([None] * count, pa.string()),
        "source": ["images"] * count,
        "features": [[float(n), 1.0] for n in range(count)],
    }
    return pa.table(given | columns)


def test_they_are_in_the_order_of_sha256_and_variant():
    found = Rows.of(table(sha256=["b", "a", "b", "a"], variant=[1, 10, 0, 2]))
    assert found.sha256.tolist() == ["a", "a", "b", "b"]
    assert found.variant.tolist() == [2, 10, 0, 1]
    assert found.features[:, 0].tolist() == [3, 1, 2, 0]
    assert found.capture.tolist() == [""] * 4


def test_labels_are_sorted_and_may_have_no_row():
    found = Rows.of(table(sha256=["a", "b"], variant=[0, 0], label=["é", "b"]), ["é", "a", "b"])
    assert found.labels == ("a", "b", "é")
    assert found.targets.tolist() == [2, 1]
    fewer = found.with_labels(("b", "x"))
    assert (fewer.labels, fewer.targets.tolist(), fewer.sha256.tolist()) == (("b", "x"), [0], ["b"])


def test_no_rows_are_rows():
    assert len(Rows.of(table(sha256=["a"], variant=[0]).slice(0, 0), LABELS)) == 0


def test_copies_follow_their_photograph():
    rows = make_rows(rows=4, copies=True)
    chosen = rows.with_copies(rows.photographs & (rows.targets == 1))
    assert (rows.targets[chosen] == 1).all()
    assert chosen.sum() == 8
    assert not rows.with_copies(rows.variant > 0).any()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("own", [1, 30])
def test_own_photographs_have_their_share_of_a_label_whatever_their_number(share, own):
    rows = make_rows(own=own, copies=True)
    weights = rows.weights(share)
    assert (weights[~rows.own] == 1).all()
    for label in range(3):
        mine = rows.targets == label
        assert weights[mine & rows.own].sum() / weights[mine].sum() == pytest.approx(share)


def test_labels_without_own_photographs_or_with_no_others_count_one_a_row():
    rows = make_rows(own=3)
    some = rows.where((rows.own & (rows.targets == 0)) | (~rows.own & (rows.targets == 1)))
    np.testing.assert_array_equal(some.weights(0.5), 1)
