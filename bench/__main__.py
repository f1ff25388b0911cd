"""Command line of ``make bench``."""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.parts.cores import run_cores
from bench.parts.large import run_large
from bench.parts.rounds import run_rounds
from bench.parts.scale import run_scale
from bench.parts.sizes import run_sizes
from bench.photographs import MINIMUM, list_photographs, read_once, require_enough
from bench.processes import ROOT
from bench.records import Records
from bench.report import write_reports
from bench.workbench import OutOfTimeError, Workbench
from fruits_kedro import FruitsError

ROUNDS = 3
PARTS = ("rounds", "scale", "cores", "sizes", "large")
RESULTS = "results.jsonl"


def main(words: list[str] | None = None) -> int:
    """Measure what was asked for and is not measured yet, then write the report.

    Returns:
        Exit code: 0 where everything asked for was measured.
    """
    arguments = _parse(words)
    try:
        bench = _set_up(arguments)
    except FruitsError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(f"Results go to {bench.records.path}; the same WORK goes on where it stopped", flush=True)
    try:
        for part in arguments.parts:
            _runs(arguments.rounds)[part](bench)
    except OutOfTimeError:
        print(f"The time is over; go on with WORK={bench.work}")
    for sentence in bench.failed:
        print(sentence, file=sys.stderr)
    for path in write_reports(bench.records, bench.work):
        print(f"Wrote {path}")
    return 1 if bench.failed else 0


def _runs(rounds: int) -> dict[str, Callable[[Workbench], None]]:
    return {
        "rounds": partial(run_rounds, rounds=rounds),
        "scale": run_scale,
        "cores": run_cores,
        "sizes": run_sizes,
        "large": run_large,
    }


def _parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--images", default="", help="photographs in folders named by label")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--parts", type=_parts, default=PARTS, help=f"of {','.join(PARTS)}")
    parser.add_argument("--work", type=Path, help="folder of storages and results; may be old")
    parser.add_argument("--at-least", type=int, default=MINIMUM, help="photographs; for try-outs")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin nothing after so many"
    )
    return parser.parse_args(words)


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in names)


def _set_up(arguments: argparse.Namespace) -> Workbench:
    if not arguments.images or not Path(arguments.images).is_dir():
        raise FruitsError(
            f"There is no image folder {arguments.images or '(none was named)'}: name one with "
            "make bench IMAGES=FOLDER."
        )
    images = Path(arguments.images).resolve()
    paths = list_photographs(images)
    require_enough(len(paths), arguments.at_least, images)
    if arguments.rounds < ROUNDS or len(paths) < MINIMUM:
        print("This is a try-out: too few rounds or photographs for numbers to be quoted")
    work = (arguments.work or Path(tempfile.mkdtemp(prefix="fruits-bench-"))).resolve()
    records = Records(work / RESULTS)
    _introduce(records, {"images": str(images), "photographs": len(paths), **describe(ROOT)})
    read_once(paths)
    until = time.monotonic() + 60 * arguments.minutes
    return Workbench(images, work, records, until)


def _introduce(records: Records, about: dict[str, Any]) -> None:
    """Note what is measured; results of other photographs or other code are not mixed in."""
    known = records.find("about")
    if known is None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        records.add({"part": "about", "variant": "", "round": 0, "command": command, **about})
        return
    for name in ("images", "photographs", "commit"):
        if known[name] != about[name]:
            raise FruitsError(
                f"{records.path} holds results of {name} {known[name]}, and this is "
                f"{about[name]}: name another folder with WORK=…"
            )


if __name__ == "__main__":
    sys.exit(main())
