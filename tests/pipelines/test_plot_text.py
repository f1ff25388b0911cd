"""Names show as they are in a plot and do nothing else."""

import html

import pytest

from fruits_kedro.pipelines.plot_text import as_plot_text

AWKWARD = ["<a href='javascript:alert(1)'>x</a>", "&lt;b&gt;", "$x^2$", "100%{y}%", "a & b"]
PLAIN = ["it's", 'a "b"', "é😀", "a/b_1.jpg"]


@pytest.mark.parametrize("name", AWKWARD + PLAIN)
def test_nothing_in_a_name_means_anything_to_plotly(name):
    text = as_plot_text(name)
    assert not set("<>$%") & set(text)
    assert html.unescape(text) == name
    assert (text == name) is (name in PLAIN)
