"""The line that says how far a long stage is."""

import io
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fruits_kedro.cluster import progress
from fruits_kedro.cluster.progress import describe, duration, expect, shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(progress, "LIVE_SECONDS", 0.01)
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.01)


def wait_for(condition) -> None:
    while not condition():
        time.sleep(0.01)


def test_a_stage_says_how_many_how_fast_and_how_long():
    assert describe(0, None, 5) == "0 photographs"
    assert describe(0, 12269, 5) == "0 of 12,269 photographs (0%)"
    line = "3,000 of 12,000 photographs (25%), 150 images/s, 60 s left"
    assert describe(3000, 12000, 20) == line
    assert describe(12000, 12000, 80) == "12,000 of 12,000 photographs (100%), 150 images/s"
    assert describe(1, 3, 10) == "1 of 3 photographs (33%), 10.0 s each, 20 s left"


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 10**7))
def test_a_repeated_task_never_counts_for_more_than_there_are(done, total, seconds):
    line = describe(done, total, seconds)
    assert "\n" not in line
    assert not total or f"of {total:,}" in line
    assert "-" not in line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")],
)
def test_time_is_told_as_people_do(seconds, words):
    assert duration(seconds) == words


def test_on_a_terminal_the_line_is_written_over_and_gives_way(caplog):
    caplog.set_level(logging.INFO)
    stream = Terminal()
    with shown("Reading", lambda: 5, stream):
        expect(10)
        wait_for(lambda: "Reading: 5 of 10 photographs (50%)" in stream.getvalue())
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")
    assert [r.message.split(",")[0] for r in caplog.records] == [
        "Reading: 10 of 10 photographs (100%)"
    ]


def test_elsewhere_it_is_a_line_of_the_log(caplog):
    caplog.set_level(logging.INFO)
    stream = io.StringIO()
    with shown("Reading", lambda: 5, stream):
        expect(10)
        wait_for(lambda: any("5 of 10" in record.message for record in caplog.records))
    assert stream.getvalue() == ""


def test_a_stage_that_fails_is_not_told_as_complete(caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(ValueError, match="broken"), shown("Reading", lambda: 0, Terminal()):
        expect(10)
        raise ValueError("broken")
    assert caplog.records == []


def test_a_count_that_fails_ends_the_line_and_not_the_stage(caplog):
    def count() -> int:
        raise ConnectionError("the JVM is gone")

    caplog.set_level(logging.INFO)
    with shown("Reading", count, Terminal()):
        expect(10)
        time.sleep(0.05)
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_nothing_to_do_is_no_line(caplog):
    caplog.set_level(logging.INFO)
    with shown("Reading", lambda: 0, Terminal()):
        expect(0)
    assert caplog.records == []
