"""Command line of ``make bench``."""

import argparse
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.machine import describe
from bench.parts import run_equality, run_growth, run_large, run_rounds
from bench.report import ENOUGH_ROUNDS, RESULTS, write_report
from bench.scripts import ROOT, list_photographs
from bench.workbench import Records, Workbench
from fruits_kedro import FruitsError

PARTS: dict[str, Callable[[Workbench, int], None]] = {
    "rounds": run_rounds,
    "equality": run_equality,
    "growth": run_growth,
    "large": run_large,
}


def main(words: list[str] | None = None) -> int:
    """Measure what is missing, then write the report; 0 if every measurement exists."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--images", default="", help="photographs in folders named by label")
    parser.add_argument("--rounds", type=int, default=ENOUGH_ROUNDS)
    parser.add_argument("--parts", type=_parts, default=tuple(PARTS), help=",".join(PARTS))
    parser.add_argument("--work", type=Path, help="folder of storages and results; may be old")
    given = parser.parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what is being measured, too
    try:
        bench = _set_up(given.images, given.work or Path(tempfile.mkdtemp(prefix="fruits-bench-")))
    except FruitsError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(f"Results: {bench.records.path}. To continue later: WORK={bench.work}", flush=True)
    for part in given.parts:
        PARTS[part](bench, given.rounds)
    for sentence in bench.failed:
        print(sentence, file=sys.stderr)
    print(f"Wrote {write_report(bench.records, bench.work)}")
    return 1 if bench.failed else 0


def _parts(text: str) -> tuple[str, ...]:
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in names)


def _set_up(folder: str, work: Path) -> Workbench:
    """Describe what is measured; results of other photographs or other code do not mix."""
    images = Path(folder).resolve()
    paths = list_photographs(images) if folder else []
    if not paths:
        raise FruitsError(
            f"There are no JPEG files in {folder or '(no folder was given)'}: name a folder of "
            "photographs with make bench IMAGES=FOLDER."
        )
    records = Records(work.resolve() / RESULTS)
    about = {"images": str(images), "photographs": len(paths), **describe(ROOT)}
    known = records.find("about")
    if known is None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        records.add({"part": "about", "variant": "", "round": 0, "command": command, **about})
    for name in ("images", "photographs", "commit"):
        if known is not None and known[name] != about[name]:
            raise FruitsError(
                f"{records.path} has results of {name} {known[name]}, and this benchmark is of "
                f"{about[name]}: choose another folder with WORK=…"
            )
    for path in paths:  # so that the first measurement finds files in memory as all others do
        path.read_bytes()
    return Workbench(images, work.resolve(), records)


if __name__ == "__main__":
    sys.exit(main())
