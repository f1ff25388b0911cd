"""Numbers and tables as Markdown."""

from bench.figures import Figure
from bench.tables import UNKNOWN, render_table, write_figure, write_series


def test_a_table_has_a_head_a_rule_and_rows():
    assert render_table(["what", "s"], [["a", "1"], ["b", "2"]]) == (
        "| what | s |\n| --- | ---: |\n| a | 1 |\n| b | 2 |"
    )


def test_a_figure_of_several_rounds_shows_its_spread():
    assert write_figure(Figure(2.0, 1.0, 3.0, 3), ".1f", " s") == "2.0 s (1.0–3.0)"


def test_a_figure_of_one_round_has_none():
    assert write_figure(Figure(2.0, 2.0, 2.0, 1), ".1f", "×") == "2.0×"


def test_what_was_not_measured_is_a_dash():
    assert write_figure(None, ".1f") == UNKNOWN
    assert write_series({}, ".1f") == UNKNOWN


def test_a_series_is_written_as_its_figure():
    assert write_series({1: 1.0, 2: 2.0, 3: 9.0}, ".0f") == "2 (1–9)"
