"""Writes ``benchmark.md``, ``.json`` and ``.svg`` from the results alone.

``python -m bench.report WORK`` does so again for a benchmark that has been measured.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from bench.chart import draw_bars
from bench.figures import Series, summarise
from bench.measures import STAGES, Measures
from bench.parts.rounds import PRECISIONS
from bench.photographs import MINIMUM
from bench.processes import ROOT
from bench.records import Record, Records
from bench.sections.choices import render_large, render_sizes
from bench.sections.equality import render_equality
from bench.sections.growth import render_cores, render_scale
from bench.sections.memory import render_memory
from bench.sections.promises import introduce, render_targets
from bench.sections.rates import render_rates
from bench.sections.reduction import render_reduction
from bench.sections.whole_job import render_whole_job, time_outside
from bench.targets import EQUALITY, SPEED
from fruits_kedro import FruitsError

ENOUGH_ROUNDS = 3

_SECTIONS: tuple[tuple[str, Callable[[Measures], str]], ...] = (
    ("original", render_whole_job),
    ("kedro", render_rates),
    ("reduction", render_reduction),
    ("kedro", render_memory),
    ("equality", render_equality),
    ("scale", render_scale),
    ("cores", render_cores),
    ("sizes", render_sizes),
    ("large", render_large),
)
"""Sections, each with the part it cannot do without."""


def write_reports(records: Records, work: Path) -> list[Path]:
    """Write the report, the raw results and the picture.

    Into ``docs`` where the rounds are complete; what a try-out gives stays in ``work``.

    Returns:
        The files.
    """
    found = records.all()
    measures = Measures(found)
    about = measures.record("about")
    if about is None:
        raise FruitsError(f"{records.path} holds no results: run make bench IMAGES=FOLDER first.")
    folder = ROOT / "docs" if is_complete(measures, about) else work / "report"
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "benchmark.md": render(measures, about),
        "benchmark.json": render_raw(found),
        "benchmark.svg": draw(measures),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in contents]


def is_complete(measures: Measures, about: Record) -> bool:
    """Whether there are enough photographs and rounds for numbers that may be quoted."""
    return about["photographs"] >= MINIMUM and _rounds(measures) >= ENOUGH_ROUNDS


def render(measures: Measures, about: Record) -> str:
    """The whole report."""
    title = "# Benchmark\n"
    if not is_complete(measures, about):
        title += "\nA try-out: too few photographs or rounds for numbers that may be quoted.\n"
    sections = [
        introduce(about, _rounds(measures)),
        render_targets("Targets", SPEED, measures),
        render_targets("Faster must mean the same", EQUALITY, measures),
        "![Seconds per stage](benchmark.svg)",
        *(section(measures) for part, section in _SECTIONS if part in measures.parts()),
    ]
    return title + "\n" + "\n\n".join(sections) + "\n"


def render_raw(records: list[Record]) -> str:
    """All records as one JSON document, one line each."""
    lines = ",\n".join(json.dumps(record) for record in records)
    return f"[\n{lines}\n]\n"


def draw(measures: Measures) -> str:
    """Medians of seconds per stage, the original's way and ours."""
    names = {"featurize": "read and featurize", "reduce": "scale, PCA, tables"}
    bars = {
        "the original's way": {
            **{names.get(s, s): _median(measures.original_stage(s)) for s in STAGES},
            "start": _median(time_outside(measures)),
        }
    }
    for precision in PRECISIONS:
        bars[f"ours, {precision}"] = {
            **{names.get(s, s): _median(measures.our_stage(precision, s)) for s in STAGES},
            "start": _median(measures.series("kedro", precision, "outside")),
            "conversion": _median(measures.series("kedro", precision, "conversion")),
            "t-SNE map": _median(measures.series("kedro", precision, "map")),
        }
    return draw_bars(bars, "Seconds of the whole job by stage (medians)")


def _median(series: Series) -> float:
    figure = summarise(series.values())
    return figure.median if figure else 0.0


def _rounds(measures: Measures) -> int:
    """Rounds in which both sides of the first target were measured."""
    return len(measures.speed_up(PRECISIONS[0]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path, help="the folder of results")
    arguments = parser.parse_args()
    for path in write_reports(Records(arguments.work / "results.jsonl"), arguments.work):
        print(f"Wrote {path}")


if __name__ == "__main__":
    main()
