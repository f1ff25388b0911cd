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
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from fruits_kedro.photos.reasons import Reason

Call = Callable[..., Any]
"""Calls a decoding function: ``operator.call``, ``call_in_time`` or that of ``isolated``."""

MAX_SECONDS = 60.0
"""Most processor time of one call. PNGs of 200 megapixels took at most 5 s; a progressive JPEG can
take hours: 6.5 ms for every 46 bytes."""


def call_in_time(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in this process, and end the process after MAX_SECONDS of processor time."""
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)  # SIGPROF, which ends a process by default
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def isolated() -> Iterator[Call]:
    """Yield a function that calls others in a child process, and end the child.

    A call that kills the child gives ``DECODER_CRASHED``. Used when Spark repeats a task whose
    worker died: the first attempt runs in the worker itself, at full speed. Calls run one at a
    time, so that the crashing one is known.
    """
    child: ProcessPoolExecutor | None = None

    def call(function: Callable[..., Any], *arguments: object) -> Any:
        nonlocal child
        if child is None:
            child = ProcessPoolExecutor(1, get_context("fork"), _end_with, (os.getpid(),))
        try:
            return child.submit(call_in_time, function, *arguments).result()
        except BrokenProcessPool:
            child.shutdown(wait=False)
            child = None
            return Reason.DECODER_CRASHED

    try:
        yield call
    finally:
        if child is not None:
            child.shutdown(wait=False)


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
    if context is not None and context.attemptNumber() > 0:
        with isolated() as call:
            yield call
    else:
        yield operator.call if context is None else call_in_time
