"""The picture of seconds per stage."""

from xml.etree import ElementTree

import pytest

from bench.chart import BAR, draw_bars

SVG = "{http://www.w3.org/2000/svg}"
BARS = {"theirs": {"read": 60.0, "fit": 40.0}, "<ours>": {"read": 20.0, "start": 5.0}}


def bars(chart: str) -> list[tuple[str, float, str]]:
    """Title, width and colour of every part of a bar."""
    root = ElementTree.fromstring(chart)
    parts = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert {rect.get("height") for rect in parts} == {str(BAR)}
    return [
        (str(rect.findtext(f"{SVG}title")), float(rect.get("width", "")), rect.get("fill", ""))
        for rect in parts
    ]


def test_widths_are_seconds():
    found = bars(draw_bars(BARS, "Seconds"))
    assert [title for title, _, _ in found] == [
        "read: 60.0 s",
        "fit: 40.0 s",
        "read: 20.0 s",
        "start: 5.0 s",
    ]
    widths = [width for _, width, _ in found]
    assert widths[0] / widths[3] == pytest.approx(12, rel=0.01)


def test_a_stage_has_one_colour_everywhere():
    colours = [colour for _, _, colour in bars(draw_bars(BARS, "Seconds"))]
    assert colours[0] == colours[2]
    assert len(set(colours)) == 3


def test_totals_and_names_are_written():
    texts = [text.text for text in ElementTree.fromstring(draw_bars(BARS, "S")).iter(f"{SVG}text")]
    assert {"theirs", "<ours>", "100 s", "25 s"} <= set(texts)


def test_nothing_measured_is_still_a_picture():
    ElementTree.fromstring(draw_bars({}, "Seconds"))
    ElementTree.fromstring(draw_bars({"theirs": {"read": 0.0}}, "Seconds"))
