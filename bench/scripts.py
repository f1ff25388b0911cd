"""What the measuring scripts of this folder share: their command line, their clock, their result.

Only the standard library is imported: the start of a script is part of what is measured.
"""

import argparse
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
WEIGHTS = ROOT / "src/fruits_kedro/model/weights/mobilenet_v2_imagenet_no_top.weights.h5"
"""Keras's ImageNet weights, which ship with the project."""

RESULTS_PAGE = ROOT / "docs" / "results.md"
"""Sections between ``<!-- name: … -->`` and ``<!-- end of name -->`` are measured."""

EXTENSIONS = ("jpg", "jpeg", "JPG", "JPEG")
"""JPEG only, because the original's way stacks arrays of three channels."""

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def list_photographs(folder: Path) -> list[Path]:
    """Every JPEG file below a folder, sorted, that Spark's ``binaryFile`` sees as well."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        seen = (name for name in names if not name.startswith((".", "_")))
        found += [Path(place, name) for name in seen if name.rpartition(".")[2] in EXTENSIONS]
    return sorted(found)


def run_script(
    documentation: str | None, measure: Callable[..., dict[str, Any]], **arguments: type
) -> None:
    """Call ``measure`` with positional arguments of these types from the command line."""
    parser = argparse.ArgumentParser(description=(documentation or "").splitlines()[0])
    parser.add_argument("--result", type=Path, help="JSON file that takes what was measured")
    for name, kind in arguments.items():
        parser.add_argument(name, type=kind)
    given = parser.parse_args()
    measured = measure(*(getattr(given, name) for name in arguments))
    text = json.dumps(measured, indent=1, allow_nan=False)
    print(text, flush=True)
    if given.result is not None:
        given.result.write_text(text)


class Stopwatch:
    """Measures ``seconds`` of consecutive stages; the first begins with the stopwatch."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._mark = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Finish a stage and begin the next."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._mark, 3)
        self._mark = now
        print(f"{stage}: {self.seconds[stage]:.1f} s", flush=True)


def write_section(page: Path, name: str, text: str) -> None:
    """Replace the section between marks of a name; its title goes, headings sink two levels."""
    lowered = re.sub(r"(?m)^#", "###", re.sub(r"(?m)^# .*\n+", "", text)).strip()
    pattern = rf"(?s)(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)"
    old = page.read_text(encoding="utf-8")
    page.write_text(re.sub(pattern, lambda m: f"{m[1]}{lowered}\n{m[2]}", old), encoding="utf-8")
