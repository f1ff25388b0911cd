"""Silence for what libraries say on standard error to nobody who could act on it.

Only where no setting of the library turns it off; ``docs/messages.md`` lists all that is silenced.
"""

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_JAVA = re.compile(
    rb"WARNING: ("
    rb"Using incubator modules: |"  # Java 17 and newer: jdk.incubator.vector, which Spark adds
    rb".*sun\.misc\.Unsafe|.*java\.lang\.System::load|"  # Java 24 and newer: what Spark calls
    rb"A restricted method in java\.lang\.System |Use --enable-native-access=|"
    rb"Restricted methods will be blocked|Please consider reporting this to the maintainers)"
)
"""What Java's launcher says of itself, before it reads any setting or logging of Spark."""


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is said on standard error in this context; errors have to be exceptions."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with _standard_error(nowhere):
        yield


@contextmanager
def without_java_greetings() -> Iterator[None]:
    """Let processes that start in this context say everything but ``_JAVA`` on standard error.

    Their lines pass through a pipe to this process's standard error, as long as they live.
    """
    end, start = os.pipe()
    names = (end, os.dup(2))
    threading.Thread(target=_pass_on, args=names, name="messages", daemon=True).start()
    with _standard_error(start):
        yield


@contextmanager
def _standard_error(descriptor: int) -> Iterator[None]:
    """Give standard error another descriptor, which is closed then, for a while."""
    sys.stderr.flush()
    ours = os.dup(2)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(ours, 2)
        os.close(ours)


def _pass_on(source: int, target: int) -> None:
    with open(source, "rb", buffering=0) as lines, open(target, "wb", buffering=0) as stderr:
        for line in lines:
            if not _JAVA.match(line):
                stderr.write(line)
