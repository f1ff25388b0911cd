"""How much a JVM's heap held after its collections.

The peak of the JVM's memory also counts garbage that it had no reason to collect yet; what is left
after a collection says more of what the job needs.
"""

import re
from pathlib import Path

_PAUSE = re.compile(r"GC\(\d+\) Pause .* \d+[KMG]->(\d+)([KMG])\(")
_MEGABYTES = {"K": 1024 / 1e6, "M": 1024**2 / 1e6, "G": 1024**3 / 1e6}


def log_option(folder: Path) -> str:
    """The option that makes a JVM log its collections into ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"-Xlog:gc:file={folder}/gc-%p.log"


def largest_heap_left(folder: Path) -> float | None:
    """Megabytes that a collection left at most, over all JVMs; None where there was none."""
    left = [size for log in folder.glob("gc-*.log*") for size in heaps_left(log.read_text())]
    return max(left, default=None)


def heaps_left(log: str) -> list[float]:
    """Megabytes (10**6 bytes) that each collection of a log left.

    Source: https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html (-Xlog:gc)
    """
    return [round(int(size) * _MEGABYTES[unit], 1) for size, unit in _PAUSE.findall(log)]
