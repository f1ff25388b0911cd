"""One benchmark over one or more calls: where it works, and what is measured already."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fruits_kedro import FruitsError

Record = dict[str, Any]
"""``part``, ``variant``, ``round``, ``ended``, and whatever was measured."""


@dataclass(frozen=True)
class Records:
    """Results in a file that need not exist: a JSON line per measurement, written as it ends."""

    path: Path

    def all(self) -> list[Record]:
        """Every result in order of measurement; skips an incomplete line."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def find(self, part: str, variant: str = "", number: int = 0) -> Record | None:
        """One result, the newest if it was measured again."""
        key = {"part": part, "variant": variant, "round": number}
        return next((one for one in reversed(self.all()) if key.items() <= one.items()), None)

    def add(self, record: Record) -> None:
        """Append one result; it is on disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            # A benchmark that was killed while writing leaves half a line.
            cut_off = file.tell() and not self.path.read_bytes().endswith(b"\n")
            file.write(("\n" if cut_off else "") + json.dumps(record, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass
class Workbench:
    """Photographs, a folder for storages and logs, results so far, failures of this call."""

    images: Path
    work: Path
    records: Records
    failed: list[str] = field(default_factory=list)

    def measure(
        self, part: str, variant: str, number: int, run: Callable[[Path], dict[str, Any]]
    ) -> None:
        """Measure something, or return what an earlier call measured.

        Args:
            part, variant, number: Name of the measurement; ``number`` is the round.
            run: Takes the path of a log file and returns what it measured. Where it fails, the
                benchmark continues, and the next call tries again.
        """
        if self.records.find(part, variant, number) is not None:
            return
        name = f"{part} {variant} round {number}"
        print(f"{name} …", flush=True)
        try:
            measured = run(self.work / "logs" / f"{name.replace(' ', '-')}.log")
        except FruitsError as error:
            self.failed.append(f"{name} failed: {error}")
            print(self.failed[-1], flush=True)
            return
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"part": part, "variant": variant, "round": number, "ended": ended, **measured}
        self.records.add(record)
        print(f"{name}: {record['seconds']:.1f} s", flush=True)

    def fresh(self, name: str) -> Path:
        """The path of a folder below ``work`` that does not exist yet, in a parent that does."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder
