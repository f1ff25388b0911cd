"""The line that says how far a long stage is."""

import io
import logging
import time

import pytest

from fruits_kedro.cluster import progress
from fruits_kedro.cluster.progress import Estimate, Work, duration, shown, work_in_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.01)


def half() -> Work:
    return Work((7,), 5, 10)


def wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_line_says_how_much_is_done_and_how_long_the_rest_takes():
    """The next job of a node begins anew and is counted."""
    estimate = Estimate()
    looks = {
        (7, 0, 0, 100): "0%",
        (7, 0, 8, 100): "0%",
        (7, 2, 8, 160): "25%, about 3 min left",
        (7, 8, 8, 340): "100%",
        (8, 0, 8, 400): "part 2, 0%",
        (8, 4, 8, 420): "part 2, 50%, about 20 s left",
    }
    for (stage, done, total, now), text in looks.items():
        assert estimate.describe(Work((stage,), done, total), now) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")],
)
def test_time_is_said_as_people_do(seconds, words):
    assert duration(seconds) == words


def test_on_a_terminal_the_line_is_overwritten_and_gives_way(caplog):
    caplog.set_level(logging.INFO)
    stream = Terminal()
    with shown("Reading", half, stream):
        wait_for(lambda: "Reading: 50%" in stream.getvalue())
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")
    assert caplog.records == []


def test_elsewhere_it_is_a_line_of_the_log(caplog):
    caplog.set_level(logging.INFO)
    stream = io.StringIO()
    with shown("Reading", half, stream):
        wait_for(lambda: any("50%" in record.message for record in caplog.records))
    assert stream.getvalue() == ""


def test_a_look_that_fails_ends_the_line_and_not_the_stage(caplog):
    def look() -> Work:
        raise ConnectionError("the JVM is gone")

    caplog.set_level(logging.INFO)
    with shown("Reading", look, Terminal()):
        time.sleep(0.05)
    assert caplog.records == []


def slowly(batches):
    for batch in batches:
        time.sleep(0.4)
        yield batch


def test_tasks_are_counted_while_spark_works(spark):
    """By ``SparkContext.statusTracker``, from the thread of the line."""
    assert work_in_progress() is None
    looks: list[Work] = []

    def look() -> Work | None:
        work = work_in_progress()
        looks.extend([work] if work else [])
        return work

    with shown("Reading", look, Terminal()):
        spark.range(0, 6, 1, 6).mapInArrow(slowly, "id long").count()
    mapped = [work for work in looks if work.total >= 6]
    assert mapped[0].done < mapped[-1].done <= mapped[-1].total
    assert all(work.stages for work in mapped)
