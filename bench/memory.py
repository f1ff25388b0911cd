"""Peak resident memory of a process and its descendants, sampled while they run."""

import threading

import psutil

SECONDS_BETWEEN_SAMPLES = 0.5
"""Finding descendants reads every process of the machine, which costs milliseconds."""

MEGABYTE = 1_000_000


def kind_of(name: str, parent: str) -> str:
    """``jvm``, ``worker`` (below the JVM) or ``child`` (of the driver), by program and parent."""
    if name == "java":
        return "jvm"
    return "worker" if parent in ("jvm", "worker") else "child"


class MemorySampler:
    """Context manager that samples until it is left.

    Attributes:
        peaks: Megabytes (10**6 bytes) of the largest process of each kind: ``driver`` (the process
            itself), ``jvm``, ``worker`` and ``child``. Forked workers count shared pages.
    """

    def __init__(self, pid: int) -> None:
        self.peaks: dict[str, float] = {}
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, daemon=True)

    def __enter__(self) -> "MemorySampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample_until_stopped(self) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_SAMPLES):
            try:
                root = psutil.Process(self._pid)
                children = root.children(recursive=True)
            except psutil.Error:
                return
            kinds = {self._pid: "driver"}
            for process in [root, *children]:  # parents come before their children
                try:
                    parent = kinds.get(process.ppid(), "driver")
                    kind = kinds.setdefault(process.pid, kind_of(process.name(), parent))
                    megabytes = round(process.memory_info().rss / MEGABYTE, 1)
                except psutil.Error:  # it ended between two looks
                    continue
                self.peaks[kind] = max(megabytes, self.peaks.get(kind, 0.0))
