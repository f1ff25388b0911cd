"""Decodes in a child process, so that a crashing decoder costs one photograph.

A decoder that does not finish is killed: nothing else stops C code.
"""

import operator
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from fruits_kedro.photos.reasons import Reason

Result = TypeVar("Result")

Call = Callable[..., Any]
"""Calls a decoding function: ``operator.call``, ``call_in_time`` or ``Isolation.call``."""

MAX_SECONDS = 60.0
"""Most processor time of one call. PNGs of 200 megapixels took at most 5 s; a progressive JPEG can
take hours: 6.5 ms for every 46 bytes."""


def call_in_time(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in this process, and end the process after MAX_SECONDS of processor time."""
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)  # SIGPROF, which ends a process by default
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Isolation:
    """Calls functions in a child process; a call that kills it gives ``DECODER_CRASHED``.

    Used when Spark repeats a task whose worker died. The first attempt runs in the worker itself,
    at full speed. Calls run one at a time, so that the crashing one is known.
    """

    def __init__(self) -> None:
        self._child: ProcessPoolExecutor | None = None

    def call(self, function: Callable[..., Result], *arguments: object) -> Result | Reason:
        """Return ``function(*arguments)``, or the reason why there is no result."""
        if self._child is None:
            self._child = ProcessPoolExecutor(
                1, get_context("fork"), initializer=_end_with, initargs=(os.getpid(),)
            )
        try:
            return self._child.submit(call_in_time, function, *arguments).result()
        except BrokenProcessPool:
            self.close()
            return Reason.DECODER_CRASHED

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.shutdown(wait=False)
            self._child = None


def _end_with(parent: int) -> None:
    """End this child when its parent ends: Spark kills workers that it no longer needs."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def caller_for_task() -> Iterator[Call]:
    """Yield direct calls in the first attempt of a Spark task, isolated calls in later ones."""
    from pyspark import TaskContext

    context = TaskContext.get()
    if context is None or context.attemptNumber() == 0:
        yield operator.call if context is None else call_in_time
        return
    with closing(Isolation()) as isolation:
        yield isolation.call
