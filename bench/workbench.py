"""What the parts share: where they work, what is measured already, when to stop."""

import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.records import Record, Records
from fruits_kedro import FruitsError


class OutOfTimeError(Exception):
    """The time given to this call has passed; the next call with the same folder goes on."""


@dataclass
class Workbench:
    """One benchmark, perhaps over several calls.

    Attributes:
        images: The folder of photographs.
        work: Folder of storages, logs and results.
        records: The results so far.
        until: ``time.monotonic()`` after which no further measurement is begun.
        failed: What failed in this call, one sentence each.
    """

    images: Path
    work: Path
    records: Records
    until: float = math.inf
    failed: list[str] = field(default_factory=list)

    def measure(
        self, part: str, variant: str, number: int, run: Callable[[], dict[str, Any]]
    ) -> Record | None:
        """Measure something once, or take what an earlier call measured.

        A failure is told and remembered, and the benchmark goes on; nothing is recorded, so that
        the next call tries again.

        Returns:
            The record, or None where it failed.

        Raises:
            OutOfTimeError: Where no further measurement may be begun.
        """
        name = _name(part, variant, number)
        known = self.records.find(part, variant, number)
        if known is not None:
            print(f"{name}: measured already", flush=True)
            return known
        if time.monotonic() >= self.until:
            raise OutOfTimeError
        print(f"{name} …", flush=True)
        try:
            measured = run()
        except FruitsError as error:
            self.failed.append(f"{name} failed: {error}")
            print(self.failed[-1], flush=True)
            return None
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"part": part, "variant": variant, "round": number, "ended": ended, **measured}
        self.records.add(record)
        print(f"{name}: {record['seconds']:.1f} s", flush=True)
        return record

    def log(self, part: str, variant: str = "", number: int = 0) -> Path:
        """Where a part's output goes."""
        name = _name(part, variant, number).replace(", ", "-").replace(" ", "-")
        return self.work / "logs" / f"{name.replace('/', '-')}.log"

    @contextmanager
    def scratch(self, *names: str) -> Iterator[Path]:
        """A folder below ``work``, removed at the end unless something failed meanwhile."""
        failures = len(self.failed)
        folder = self.work.joinpath(*names)
        yield folder
        if len(self.failed) == failures:
            remove(folder)

    def fresh(self, *names: str) -> Path:
        """A folder below ``work`` that does not exist yet."""
        folder = self.work.joinpath(*names)
        remove(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder


def remove(path: Path) -> None:
    """Remove a folder or a file, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _name(part: str, variant: str, number: int) -> str:
    words = [part, variant, f"round {number}" if number else ""]
    return ", ".join(word for word in words if word)
