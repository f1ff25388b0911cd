"""Ends runs early: errors become one sentence, signals a sentence and an exit code."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

from kedro.framework.hooks import hook_impl

from fruits_kedro import FruitsError
from fruits_kedro.storage.s3 import s3_problem

_READ_ONLY = (
    "The storage is read-only or belongs to another user: name another with "
    "--params=storage=FOLDER_OR_URI and run again; committed work is kept."
)

_MEMORY = (
    "Spark ran out of memory, or its process was killed: raise spark.driver.memory (on a cluster "
    "spark.executor.memory) in conf/<env>/spark.yml, or use fewer cores with "
    "spark.master=local[1,4], then run again; committed work is kept."
)

_NO_ANSWER = "the JVM does not answer"

_KNOWN = {
    "No space left on device": (
        "A disk is full: free space on the storage (kedro fruits gc removes unused data) or on "
        "Spark's local disk (SPARK_LOCAL_DIRS), then run again; committed work is kept."
    ),
    "Read-only file system": _READ_ONLY,
    "Mkdirs failed to create": _READ_ONLY,
    "OutOfMemoryError": _MEMORY,
    'Cannot run program "': (
        "The workers cannot start the Python that PYSPARK_PYTHON names: install the package at "
        "that path on each worker (docs/clusters.md), then run again; committed work is kept."
    ),
    _NO_ANSWER: _MEMORY,
}
"""Sentences for machine faults, by text that a Java stack trace contains."""


class ErrorHooks:
    """Turns the errors of a run into sentences, in notebooks too."""

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the FruitsError behind ``error``; Kedro handles all others."""
        found = sentence_of(error)
        if found:
            raise found from error


@contextmanager
def as_sentences() -> Iterator[None]:
    """Replace an error of this context by the FruitsError behind it, if there is one."""
    try:
        yield
    except Exception as error:
        found = sentence_of(error)
        if found is None or found is error:
            raise
        raise found from error


def sentence_of(error: Exception) -> FruitsError | None:
    """The FruitsError behind an error; None for a defect, whose stack trace is needed.

    Kedro's datasets and catalog wrap every exception. Errors of Spark and S3 are known by text.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, FruitsError):
            return cause
    text = "\n".join(_text(cause) for cause in causes)
    known = (sentence for sign, sentence in _KNOWN.items() if sign in text)
    sentence = next(known, None) or s3_problem(text)
    return FruitsError(sentence) if sentence else None


def _text(error: BaseException) -> str:
    """The message of an error. Java's is fetched from the JVM, which may be dead."""
    try:
        return str(error)
    except OSError:
        return _NO_ANSWER


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()  # an error that is raised again can be its own cause
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


# --- signals -------------------------------------------------------------------------------------

at_end: list[Callable[[], Any]] = []
"""Callbacks before a stopped process ends, such as releasing a lock."""

_SECONDS_TO_END = 5
"""Longest wait for the callbacks: an object store may not answer."""

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


def end_on_signals(advice: str = " Run the same command to resume.") -> None:
    """Let Ctrl-C and SIGTERM end this process at once: one sentence, exit code 130 or 143.

    For commands only: a notebook keeps its own handlers. No exception is raised, because at an
    arbitrary moment it would print stack traces of py4j, threads and finalizers. Writes to the
    storage are safe even against SIGKILL, and the JVM ends with this process.
    """
    for number in _NAMES:
        signal.signal(number, partial(_end, advice))


def _end(advice: str, number: int, frame: FrameType | None) -> None:
    for known in _NAMES:
        signal.signal(known, signal.SIG_IGN)
    erase = "\r\x1b[2K" if sys.stdout.isatty() else ""
    text = f"{erase}Stopped by {_NAMES[signal.Signals(number)]}.{advice}\n"
    with suppress(OSError):
        os.write(2, text.encode())  # print() is not reentrant
    # The interrupted main thread may hold a lock that a callback needs, so it only waits.
    ending = threading.Thread(target=lambda: [callback() for callback in at_end], daemon=True)
    ending.start()
    ending.join(_SECONDS_TO_END)
    os._exit(128 + number)
