"""Medians, spreads and ratios."""

import pytest

from bench.figures import Figure, differences, rates, ratios, summarise, sums


def test_a_figure_is_the_median_and_the_spread():
    assert summarise([3.0, 1.0, 2.0]) == Figure(2.0, 1.0, 3.0, 3)
    assert summarise([4.0, 1.0]) == Figure(2.5, 1.0, 4.0, 2)


def test_nothing_measured_is_no_figure():
    assert summarise([]) is None


def test_ratios_are_taken_within_each_round():
    assert ratios({1: 10.0, 2: 30.0}, {2: 10.0, 1: 5.0}) == {1: 2.0, 2: 3.0}


def test_a_round_that_one_side_lacks_has_no_ratio():
    assert ratios({1: 10.0, 2: 30.0, 3: 1.0}, {1: 5.0, 3: 0.0}) == {1: 2.0}


def test_the_median_of_ratios_is_not_the_ratio_of_medians():
    above, below = {1: 10.0, 2: 12.0, 3: 30.0}, {1: 5.0, 2: 12.0, 3: 10.0}
    figure = summarise(ratios(above, below).values())
    assert figure is not None
    assert figure.median == 2.0


def test_rates_are_counts_by_seconds():
    assert rates({1: 100}, {1: 8.0}) == {1: 12.5}


def test_sums_and_differences_need_all_sides():
    assert sums({1: 1.0, 2: 2.0}, {1: 10.0}) == {1: 11.0}
    assert differences({1: 5.0, 2: 1.0}, {1: 2.0}) == {1: pytest.approx(3.0)}
