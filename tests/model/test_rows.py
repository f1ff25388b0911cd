"""Copies follow their photographs, and own photographs have their share of a label."""

import numpy as np
import pytest
from made_rows import make_rows

from fruits_kedro.model.rows import own_weights


def test_rows_of_other_labels_go_and_targets_follow():
    fewer = make_rows(rows=4).with_labels(("kiwi", "x"))
    assert (fewer.labels, fewer.targets.tolist()) == (("kiwi", "x"), [0] * 4)


def test_copies_follow_their_photograph():
    rows = make_rows(rows=4, copies=True)
    chosen = rows.with_copies(rows.targets == 1)
    assert (rows.targets[chosen] == 1).all()
    assert chosen.sum() == 8
    assert not rows.with_copies(rows.variant > 0).any()
    assert rows.where(chosen).with_copies(np.ones(8, bool)).all()
    first = rows.where(rows.sha256 == rows.sha256[0])
    assert first.with_copies(first.photographs).tolist() == [True, True]
    assert len(rows.where(rows.variant > 1).with_copies(np.zeros(0, bool))) == 0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("own", [1, 30])
def test_own_photographs_have_their_share_of_a_label_whatever_their_number(share, own):
    rows = make_rows(own=own, copies=True)
    weights = own_weights(rows.targets, rows.own, share)
    assert (weights[~rows.own] == 1).all()
    for label in range(3):
        mine = rows.targets == label
        assert weights[mine & rows.own].sum() / weights[mine].sum() == pytest.approx(share)


def test_labels_without_own_photographs_or_with_no_others_count_one_a_row():
    rows = make_rows(own=3)
    some = rows.where((rows.own & (rows.targets == 0)) | (~rows.own & (rows.targets == 1)))
    np.testing.assert_array_equal(own_weights(some.targets, some.own, 0.5), 1)
