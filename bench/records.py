"""Raw results, one JSON line each, on disk as soon as they are measured."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]
"""``part``, ``variant``, ``round`` and whatever the part measured."""


@dataclass(frozen=True)
class Records:
    """The results file of one benchmark.

    Attributes:
        path: The file; it need not exist.
    """

    path: Path

    def all(self) -> list[Record]:
        """Every result in the order it was measured, without a line that was cut off."""
        if not self.path.exists():
            return []
        return [record for line in self._lines() if (record := _parse(line)) is not None]

    def find(self, part: str, variant: str = "", number: int = 0) -> Record | None:
        """One result, the newest where it was measured again."""
        key = {"part": part, "variant": variant, "round": number}
        for record in reversed(self.all()):
            if key.items() <= record.items():
                return record
        return None

    def add(self, record: Record) -> None:
        """Append one result; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A benchmark that was killed while writing has left half a line.
        present = self.path.read_bytes() if self.path.exists() else b""
        cut_off = present and not present.endswith(b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write(("\n" if cut_off else "") + json.dumps(record, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()


def _parse(line: str) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
