"""How far a long stage is, on one calm line.

On a terminal the line is written over itself, and gives way to lines of the log. Elsewhere a plain
line of the log comes now and then.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

logger = logging.getLogger(__name__)

LIVE_SECONDS, PLAIN_SECONDS = 1.0, 15.0
"""Between two looks on a terminal, and between two lines where there is none."""

_ERASE = "\r\x1b[2K"

_expected: int | None = None


def expect(total: int) -> None:
    """Say how many photographs the stage in work has, as soon as it is known."""
    global _expected  # noqa: PLW0603  a run has one stage in work
    _expected = total


def describe(done: int, total: int | None, seconds: float) -> str:
    """Photographs done, how many there are, how fast, and how long it will take.

    Args:
        done: Photographs.
        total: All of them, or None where that is not known yet.
        seconds: Since the stage began.
    """
    if not total:
        return f"{done:,} photographs"
    done = min(done, total)
    parts = [f"{done:,} of {total:,} photographs ({done / total:.0%})"]
    if done and seconds > 0:
        rate = done / seconds
        parts.append(f"{rate:,.0f} images/s" if rate >= 1 else f"{1 / rate:.1f} s each")
        if done < total:
            parts.append(f"{duration((total - done) / rate)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 s, 3 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def shown(what: str, count: Callable[[], int], stream: TextIO | None = None) -> Iterator[None]:
    """Show how far a stage is while the context is open, and how long it took at the end.

    Args:
        what: What is done, as a line begins: "Reading".
        count: How many photographs are done; called again and again, from a thread of its own.
        stream: Where a live line goes, if it is a terminal; standard output where none is given.
    """
    global _expected  # noqa: PLW0603
    line = _Line(what, count, stream or sys.stdout)
    line.start()
    try:
        yield
        line.stop()
        if _expected:
            logger.info("%s: %s", what, describe(_expected, _expected, line.seconds))
    finally:
        line.stop()
        _expected = None


class _Line:
    def __init__(self, what: str, count: Callable[[], int], stream: TextIO) -> None:
        self._what = what
        self._count = count
        self._stream = stream
        self._live = stream.isatty()
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def start(self) -> None:
        if self._live:
            for handler in logging.root.handlers:
                handler.addFilter(self._give_way)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=LIVE_SECONDS)
        if self._live:
            for handler in logging.root.handlers:
                handler.removeFilter(self._give_way)
            self._write(_ERASE)

    def _watch(self) -> None:
        while not self._ended.wait(LIVE_SECONDS if self._live else PLAIN_SECONDS):
            try:
                done = self._count()
            except Exception:  # Spark is ending, or is of another kind: a line is no reason to stop
                logger.debug("No progress can be shown", exc_info=True)
                return
            text = f"{self._what}: {describe(done, _expected, self.seconds)}"
            if self._ended.is_set() or not done:
                continue
            if self._live:
                self._write(f"{_ERASE}{text}")
            else:
                logger.info("%s", text)

    def _give_way(self, _: logging.LogRecord) -> bool:
        """A filter of the log's handlers that lets everything pass, onto an empty line."""
        self._write(_ERASE)
        return True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
