"""How a run ends early: errors become the sentence they carry, signals one sentence and a code."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    _NO_ANSWER: _MEMORY,
}
"""Machine faults that reach Python as text somewhere in a Java stack trace."""


class ErrorHooks:
    """Turns the errors of a run into sentences, also for a ``KedroSession`` of a notebook."""

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the FruitsError that ``error`` wraps or means; any other is left to Kedro."""
        found = sentence_of(error)
        if found:
            raise found from error


@contextmanager
def as_sentences() -> Iterator[None]:
    """Raise the FruitsError that an error of this context wraps or means, else the error itself."""
    try:
        yield
    except Exception as error:
        found = sentence_of(error)
        if found is None or found is error:
            raise
        raise found from error


def sentence_of(error: Exception) -> FruitsError | None:
    """The FruitsError that an error wraps or means; None for a defect, whose trace helps.

    Kedro's datasets and catalog wrap every exception. Those of Spark and S3 are told by their text.
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
    """The message of an error; one of Java is fetched from the JVM, which may be what died."""
    try:
        return str(error)
    except OSError:
        return _NO_ANSWER


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()  # one that is raised again may be among its own causes
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


# --- signals -------------------------------------------------------------------------------------

at_end: list[Callable[[], Any]] = []
"""What must happen before a stopped process ends, such as releasing a lock."""

_SECONDS_TO_END = 5
"""An object store that does not answer must not keep a stopped run alive."""

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


def end_on_signals() -> None:
    """Let Ctrl-C and SIGTERM end this process at once: one sentence, exit code 130 or 143.

    For commands only: a notebook keeps its own handlers. Nothing unwinds, because an exception
    raised at an arbitrary moment prints stack traces of py4j, threads and finalizers. Every write
    to the storage is safe against SIGKILL anyway, and the JVM ends when this process does.
    """
    for number in _NAMES:
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for known in _NAMES:
        signal.signal(known, signal.SIG_IGN)
    erase = "\r\x1b[2K" if sys.stdout.isatty() else ""
    text = f"{erase}Stopped by {_NAMES[signal.Signals(number)]}. Run the same command to resume.\n"
    with suppress(OSError):
        os.write(2, text.encode())  # print() refuses to be called from within itself
    # The interrupted main thread may hold a lock that a callback needs, so it only waits.
    ending = threading.Thread(target=lambda: [callback() for callback in at_end], daemon=True)
    ending.start()
    ending.join(_SECONDS_TO_END)
    os._exit(128 + number)
