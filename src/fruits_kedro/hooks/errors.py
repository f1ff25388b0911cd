"""Shows a user the sentence an error was raised with, not what was wrapped around it."""

from collections.abc import Iterator

from kedro.framework.hooks import hook_impl

from fruits_kedro import FruitsError
from fruits_kedro.storage.s3 import s3_problem

_READ_ONLY = (
    "The storage is read-only, or not this user's to write: name another with "
    "--params=storage=FOLDER_OR_URI, then run again; what was committed stays."
)

_MEMORY = (
    "Spark ran out of memory, or its process was ended: give it more with spark.driver.memory "
    "(on a cluster spark.executor.memory) in conf/<env>/spark.yml, or fewer cores at once with "
    "spark.master=local[1,4], then run again; what was committed stays."
)

_GONE = "the JVM does not answer"

_KNOWN = {
    "No space left on device": (
        "A disk is full: free space on the storage (kedro fruits gc removes what nothing refers "
        "to) or on Spark's local disk (SPARK_LOCAL_DIRS), then run again; what was committed stays."
    ),
    "Read-only file system": _READ_ONLY,
    "Mkdirs failed to create": _READ_ONLY,
    "OutOfMemoryError": _MEMORY,
    _GONE: _MEMORY,
}
"""Faults of the machine that reach Python as text somewhere in a Java stack trace."""


class ErrorHooks:
    """Kedro's datasets and catalog wrap every exception; this takes ours out again."""

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the FruitsError among the causes of ``error``, or the one its text calls for."""
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, FruitsError):
                raise cause
        text = "\n".join(_text(cause) for cause in causes)
        known = (sentence for sign, sentence in _KNOWN.items() if sign in text)
        sentence = next(known, None) or s3_problem(text)
        if sentence:
            raise FruitsError(sentence) from error


def _text(error: BaseException) -> str:
    """What an error says; an error of Java asks the JVM, which may be what ended."""
    try:
        return str(error)
    except OSError:
        return _GONE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
