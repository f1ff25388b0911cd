"""The packages of a cluster, as ``requirements-cluster.lock`` pins them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.target import Target

LOCK = "requirements-cluster.lock"


@dataclass(frozen=True)
class Pin:
    """One package.

    Attributes:
        requirement: ``name==version``.
        hashes: Hexadecimal sha256 of every file of that version, for any platform.
    """

    requirement: str
    hashes: frozenset[str]

    def line(self, *hashes: str) -> str:
        """The line of a requirements file that accepts these files, all where none is named."""
        words = [self.requirement, *(f"--hash=sha256:{h}" for h in sorted(hashes or self.hashes))]
        return " ".join(words)


def read_pins(lock: Path, target: Target) -> tuple[Pin, ...]:
    """What of a lock file belongs on a target.

    pip cannot do this: it evaluates markers for the machine and the Python it runs on.

    Raises:
        FruitsError: Where there is no such file.
    """
    if not lock.is_file():
        raise FruitsError(
            f"{lock} is missing, which says what a cluster needs: run this in the project's "
            "folder, or make the file with make lock."
        )
    return tuple(_pins(lock.read_text(), target))


def _pins(text: str, target: Target) -> Iterator[Pin]:
    from packaging.requirements import Requirement

    without_comments = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    for line in without_comments.replace("\\\n", " ").splitlines():
        words, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
        if not words:
            continue
        requirement = Requirement(words)
        if requirement.marker is None or requirement.marker.evaluate(target.markers):
            pinned = f"{requirement.name}{requirement.specifier}"
            yield Pin(pinned, frozenset(h.strip() for h in hashes))
