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
    """The tasks of Spark's active stages, None if Spark is idle or not running."""
    if "pyspark.sql" not in sys.modules:  # importing it takes a second
        return None
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        # getActiveSession only finds sessions of the calling thread.
        tracker = SparkSession.active().sparkContext.statusTracker()
    except PySparkRuntimeError:
        return None
    numbers = sorted(tracker.getActiveStageIds())
    stages = [info for info in map(tracker.getStageInfo, numbers) if info is not None]
    done, total = (sum(s.numCompletedTasks for s in stages), sum(s.numTasks for s in stages))
    return Work(tuple(s.stageId for s in stages), done, total) if stages else None


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
        """Percentage of the tasks that are done, and the time left; ``now`` is in seconds."""
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
    """Show progress while the context is open, on a line that begins with ``what``.

    A thread calls ``look`` repeatedly for the work in progress. The line is live if ``stream``,
    standard output by default, is a terminal.
    """
    out = stream or sys.stdout
    live, ended = out.isatty(), threading.Event()

    def write(text: str) -> None:
        out.write(text)
        out.flush()

    def give_way(_: logging.LogRecord) -> bool:
        """Log filter that erases the live line before each record and drops none."""
        write(_ERASE)
        return True

    def watch() -> None:
        estimate, written = Estimate(), time.monotonic()
        while not ended.wait(LOOK_SECONDS):
            try:
                work = look()
            except Exception:  # Spark is stopping; progress must not fail the run
                logger.debug("No progress can be shown", exc_info=True)
                return
            if ended.is_set() or work is None:
                continue
            now = time.monotonic()
            text = f"{what}: {estimate.describe(work, now)}"
            if live:
                write(f"{_ERASE}{text}")
            elif now - written >= PLAIN_SECONDS:
                logger.info("%s", text)
                written = now

    handlers = list(logging.root.handlers) if live else []
    for handler in handlers:
        handler.addFilter(give_way)
    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=LOOK_SECONDS)
        for handler in handlers:
            handler.removeFilter(give_way)
        if live:
            write(_ERASE)
