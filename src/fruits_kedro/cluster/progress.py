"""Progress of a long stage, on one line.

On a terminal the line is overwritten in place and makes room for lines of the log. Elsewhere the
log gets a line every 15 seconds.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TextIO

logger = logging.getLogger(__name__)

LOOK_SECONDS, PLAIN_SECONDS = 1.0, 15.0
"""Interval between two looks at Spark, and between two lines of a log file."""

_ERASE = "\r\x1b[2K"


class Work(NamedTuple):
    """Spark's active stages, and how many of their tasks are done."""

    stages: tuple[int, ...]
    done: int
    total: int


def work_in_progress() -> Work | None:
    """The tasks of Spark's active stages, None if Spark is idle or not running.

    Source: ``SparkContext.statusTracker``, Spark's public API for it.
    """
    if "pyspark.sql" not in sys.modules:  # importing it takes a second
        return None
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        # getActiveSession only finds sessions of the calling thread.
        tracker = SparkSession.active().sparkContext.statusTracker()
    except PySparkRuntimeError:
        return None
    found = {number: tracker.getStageInfo(number) for number in tracker.getActiveStageIds()}
    stages = {number: info for number, info in found.items() if info is not None}
    if not stages:
        return None
    done = sum(info.numCompletedTasks for info in stages.values())
    return Work(tuple(sorted(stages)), done, sum(info.numTasks for info in stages.values()))


class Estimate:
    """Text of the progress line.

    A node may start several Spark jobs in turn. Each has its percentage; from the second job on the
    line also says which one it is.
    """

    def __init__(self) -> None:
        self._stages: tuple[int, ...] = ()
        self._part = 0
        self._began = 0.0

    def describe(self, work: Work, now: float) -> str:
        """Percentage of the tasks that are done, and the estimated time for the rest.

        Args:
            work: The tasks in work.
            now: Seconds of a monotonic clock.
        """
        if work.stages != self._stages:
            self._stages, self._began = work.stages, now
            self._part += 1
        text = f"{work.done / work.total:.0%}" if work.total else "0%"
        if self._part > 1:
            text = f"part {self._part}, {text}"
        if 0 < work.done < work.total:
            left = (now - self._began) * (work.total - work.done) / work.done
            text += f", about {duration(left)} left"
        return text


def duration(seconds: float) -> str:
    """Seconds in readable units: 45 s, 3 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def shown(what: str, look: Any = work_in_progress, stream: TextIO | None = None) -> Iterator[None]:
    """Show Spark's progress while the context is open.

    Args:
        what: Beginning of the line, such as "Reading".
        look: Returns the work in progress or None; called repeatedly from a background thread.
        stream: Where a live line goes if it is a terminal; standard output by default.
    """
    line = _Line(what, look, stream or sys.stdout)
    line.start()
    try:
        yield
    finally:
        line.stop()


class _Line:
    def __init__(self, what: str, look: Any, stream: TextIO) -> None:
        self._what, self._look, self._stream = what, look, stream
        self._live = stream.isatty()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def start(self) -> None:
        if self._live:
            for handler in logging.root.handlers:
                handler.addFilter(self._give_way)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=LOOK_SECONDS)
        if self._live:
            for handler in logging.root.handlers:
                handler.removeFilter(self._give_way)
            self._write(_ERASE)

    def _watch(self) -> None:
        estimate, written = Estimate(), time.monotonic()
        while not self._ended.wait(LOOK_SECONDS):
            try:
                work = self._look()
            except Exception:  # Spark is stopping; progress must not fail the run
                logger.debug("No progress can be shown", exc_info=True)
                return
            if self._ended.is_set() or work is None:
                continue
            now = time.monotonic()
            text = f"{self._what}: {estimate.describe(work, now)}"
            if self._live:
                self._write(f"{_ERASE}{text}")
            elif now - written >= PLAIN_SECONDS:
                logger.info("%s", text)
                written = now

    def _give_way(self, _: logging.LogRecord) -> bool:
        """Log filter that erases the live line before each record and drops none."""
        self._write(_ERASE)
        return True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
