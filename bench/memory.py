"""Peak memory of a process and its descendants, sampled while they run.

Resident memory (RSS) counts pages that forked workers share with their parent once for each of
them, so it is an upper bound; for workers the proportional set size (PSS, Linux only), which
divides shared pages among their owners, stands beside it.
"""

import importlib
import threading
import time
from types import TracebackType
from typing import Any

SECONDS_BETWEEN_SAMPLES = 0.2
SECONDS_BETWEEN_SEARCHES = 1.0
"""Finding descendants reads every process of the machine, which costs milliseconds."""

GROWTH_BETWEEN_PSS = 1.05
"""The kernel counts PSS page by page, 7 ms for 1 GB, in which the worker may have to wait: so it is
asked only when a worker has become larger than any was before."""

MEGABYTE = 1_000_000


def kind_of(name: str, parent: str) -> str:
    """What a descendant is to a Spark job.

    Args:
        name: Of its program.
        parent: The kind of its parent.

    Returns:
        ``jvm``, ``worker`` (a Python process below the JVM) or ``child`` (of the driver).
    """
    if name == "java":
        return "jvm"
    return "worker" if parent in ("jvm", "worker") else "child"


class MemorySampler:
    """Samples from entering to leaving the context.

    Attributes:
        peaks: Megabytes (10**6 bytes) of the largest single process of each kind: ``driver`` (the
            process itself), ``jvm``, ``worker``, ``child``, and ``worker_pss``.
    """

    def __init__(self, pid: int) -> None:
        self.peaks: dict[str, float] = {}
        # Imported here, so that its absence stops the benchmark and not only a thread of it.
        self._psutil: Any = importlib.import_module("psutil")
        self._pid = pid
        self._divided_at = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, daemon=True)

    def __enter__(self) -> "MemorySampler":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample_until_stopped(self) -> None:
        processes: list[tuple[str, Any]] = []
        searched = float("-inf")
        while not self._stop.is_set():
            if time.monotonic() - searched >= SECONDS_BETWEEN_SEARCHES:
                processes, searched = self._find(), time.monotonic()
            for kind, process in processes:
                self._sample(kind, process)
            self._stop.wait(SECONDS_BETWEEN_SAMPLES)

    def _sample(self, kind: str, process: Any) -> None:
        try:
            resident = process.memory_info().rss
            if kind == "worker" and resident > self._divided_at * GROWTH_BETWEEN_PSS:
                self._divided_at = resident
                self._note("worker_pss", getattr(process.memory_full_info(), "pss", 0))
        except self._psutil.Error:  # it ended between two looks
            return
        self._note(kind, resident)

    def _note(self, kind: str, used: int) -> None:
        megabytes = round(used / MEGABYTE, 1)
        self.peaks[kind] = max(megabytes, self.peaks.get(kind, 0.0))

    def _find(self) -> list[tuple[str, Any]]:
        """The process and its descendants, each with its kind."""
        try:
            root = self._psutil.Process(self._pid)
            children = root.children(recursive=True)
        except self._psutil.Error:
            return []
        kinds, found = {self._pid: "driver"}, [("driver", root)]
        for child in children:  # parents come before their children
            try:
                kinds[child.pid] = kind_of(child.name(), kinds.get(child.ppid(), "driver"))
            except self._psutil.Error:
                continue
            found.append((kinds[child.pid], child))
        return found
