"""Command line of ``make bench``."""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.parts import run_equality, run_growth, run_large, run_rounds
from bench.photographs import MINIMUM, list_photographs
from bench.processes import ROOT
from bench.report import ENOUGH_ROUNDS, RESULTS, write_report
from bench.workbench import OutOfTimeError, Records, Workbench
from fruits_kedro import FruitsError

PARTS: dict[str, Callable[[Workbench, int], None]] = {
    "rounds": run_rounds,
    "equality": run_equality,
    "growth": run_growth,
    "large": run_large,
}


def main(words: list[str] | None = None) -> int:
    """Measure what is missing of the parts asked for, then write the report.

    Returns:
        Exit code, 0 if every measurement asked for exists.
    """
    given = _parse(words)
    try:
        bench = _set_up(given)
    except FruitsError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(f"Results: {bench.records.path}. To continue later: WORK={bench.work}", flush=True)
    try:
        for part in given.parts:
            PARTS[part](bench, given.rounds)
    except OutOfTimeError:
        print(f"Out of time. Continue with WORK={bench.work}")
    for sentence in bench.failed:
        print(sentence, file=sys.stderr)
    for path in write_report(bench.records, bench.work):
        print(f"Wrote {path}")
    return 1 if bench.failed else 0


def _parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--images", default="", help="photographs in folders named by label")
    parser.add_argument("--rounds", type=int, default=ENOUGH_ROUNDS)
    parser.add_argument("--parts", type=_parts, default=tuple(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--work", type=Path, help="folder of storages and results; may be old")
    parser.add_argument("--at-least", type=int, default=MINIMUM, help="photographs; for trials")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no measurement after so many"
    )
    return parser.parse_args(words)


def _parts(text: str) -> tuple[str, ...]:
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in names)


def _set_up(given: argparse.Namespace) -> Workbench:
    if not given.images or not Path(given.images).is_dir():
        raise FruitsError(
            f"There is no image folder {given.images or '(none was given)'}: name one with "
            "make bench IMAGES=FOLDER."
        )
    images = Path(given.images).resolve()
    paths = list_photographs(images)
    if len(paths) < given.at_least:
        raise FruitsError(
            f"A benchmark needs at least {given.at_least} photographs and {images} has "
            f"{len(paths)} JPEG files: name a larger folder with make bench IMAGES=FOLDER."
        )
    work = (given.work or Path(tempfile.mkdtemp(prefix="fruits-bench-"))).resolve()
    records = Records(work / RESULTS)
    _introduce(records, {"images": str(images), "photographs": len(paths), **describe(ROOT)})
    for path in paths:  # so that the first measurement finds files in memory as all others do
        path.read_bytes()
    return Workbench(images, work, records, until=time.monotonic() + 60 * given.minutes)


def _introduce(records: Records, about: dict[str, Any]) -> None:
    """Record what is measured; results of other photographs or other code do not mix."""
    known = records.find("about")
    if known is None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        records.add({"part": "about", "variant": "", "round": 0, "command": command, **about})
        return
    for name in ("images", "photographs", "commit"):
        if known[name] != about[name]:
            raise FruitsError(
                f"{records.path} has results of {name} {known[name]}, and this benchmark is of "
                f"{about[name]}: choose another folder with WORK=…"
            )


if __name__ == "__main__":
    sys.exit(main())
