"""Writes the benchmark of ``docs/results.md`` from records: ``python -m bench.report WORK``."""

import sys
from functools import partial
from pathlib import Path

from bench.figures import Measures, middle, ratios, render_table, total, write
from bench.kedro_run import FEATURIZATION
from bench.parts import COPIES, DECODING, GROWTH_ROWS, ORIGINAL, OURS, PLAIN, WAYS
from bench.promises import PROMISES
from bench.scripts import RESULTS_PAGE, write_section
from bench.workbench import Record, Records
from fruits_kedro import FruitsError

ENOUGH_ROUNDS, ENOUGH_PHOTOGRAPHS = 3, 5000
"""With fewer photographs, the start of Spark dominates and ratios say nothing."""

RESULTS = "results.jsonl"
SHOWN_SECONDS = 5.0
"""Stages that take less at a million rows are not shown."""
VCPU_HOUR = {"on demand, $": (0.68 + 0.17) / 16, "spot, $": (0.34 + 0.17) / 16}
"""US dollars per vCPU-hour of c5.4xlarge with EMR's share, 25 % of the price on demand.

Source: https://docs.aws.amazon.com/autoscaling, spot price per unit hour example
"""
WAY_NAMES = {
    OURS: "ours, `augmentation.copies=0`",
    COPIES: "ours, default with copies",
    PLAIN: "plain script",
    ORIGINAL: "the original's way",
}


def write_report(records: Records, work: Path) -> Path:
    """Write ``benchmark.md`` into ``work``, and into the results if it is enough to be quoted.

    Returns:
        The page that was written.
    """
    measures = Measures(records.all())
    about = measures.record("about")
    if about is None:
        raise FruitsError(f"{records.path} has no results: run make bench IMAGES=FOLDER first.")
    rounds = ratios(*(measures.series("rounds", f"all {way}", "seconds") for way in (OURS, PLAIN)))
    complete = about["photographs"] >= ENOUGH_PHOTOGRAPHS and len(rounds) >= ENOUGH_ROUNDS
    trial = "" if complete else "\nA trial: too few photographs or rounds to be quoted.\n"
    texts = [f"# Benchmark\n{trial}\n{introduce(about, measures)}", *render(measures)]
    page = work / "benchmark.md"
    page.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    if complete:
        write_section(RESULTS_PAGE, "benchmark", page.read_text(encoding="utf-8"))
    return RESULTS_PAGE if complete else page


def render(measures: Measures) -> list[str]:
    """A section for every part that was measured."""
    sections = {
        "rounds": (whole_job,),
        "equality": (equality,),
        "growth": (growth,),
        "large": (large, costs),
    }
    return [one(measures) for part in sections if measures.has(part) for one in sections[part]]


def introduce(about: Record, measures: Measures) -> str:
    """What was measured, where, when and how, and the promises."""
    rows = []
    for promise in PROMISES:
        series = promise.measured(measures)
        limits = [f"{limit:g}" for limit in (promise.limit, promise.aim)]
        measured = write(series, promise.form)
        rows.append([promise.what, *limits, measured, promise.verdict(middle(series))])
    return (
        f"Written by `{about['command']}` (`make bench`); do not edit by hand.\n\n"
        f"{about['photographs']:,} photographs, {about['date']}, commit `{about['commit']}`. "
        f"{about['machine']}.\n\n"
        "Medians of the rounds, smallest and largest in parentheses; ratios are taken within a "
        "round. Every measurement is a process on empty storage; files are in the disk's cache.\n\n"
        f"{render_table(['promise', 'limit', 'aim', 'measured', 'verdict'], rows)}"
    )


def whole_job(measures: Measures) -> str:
    """Seconds and memory of the whole process, every way on every folder."""
    rows = []
    for folder, way in ((folder, way) for folder, ways in WAYS.items() for way in ways):
        mine = partial(measures.series, "rounds", f"{folder} {way}")
        seconds, plain = (
            measures.series("rounds", f"{folder} {name}", "seconds") for name in (way, PLAIN)
        )
        rows.append(
            [
                f"{folder}, {WAY_NAMES[way]}",
                f"{middle(mine('images')) or 0:,.0f}",
                write(seconds, ".1f"),
                write(ratios(seconds, plain), ".2f", "×"),
                write(mine("memory", "worker"), ".0f"),
            ]
        )
    head = ["whole process", "photographs", "seconds", "÷ plain"]
    table = render_table([*head, "worker, MB"], rows)
    return (
        f"## The whole job\n\n{table}\n\n"
        "`test` is the folder `Test/`, `all` the whole folder. `bench/plain.py` and "
        "`bench/original.py` end with features, components and an accuracy; ours also accounts for "
        "every file, calibrates, and makes the phone's file and the report. Megabytes are the peak "
        "of the largest Python worker."
    )


def equality(measures: Measures) -> str:
    """Features against Keras's."""
    forms = {"images": ",.0f", "largest_difference": ".1e", "smallest_cosine": ".6f"}
    images, difference, cosine = (
        write(measures.series("equality", "all", name), form) for name, form in forms.items()
    )
    return (
        f"## The same features\n\nOf {images} photographs the largest difference of a feature is "
        f"{difference}, the smallest cosine {cosine}. `bench/keras_features.py` shares no decoding "
        "with the project."
    )


def growth(measures: Measures) -> str:
    """Seconds and peak memory of every stage but the network, by number of rows."""
    rows = []
    last = measures.record("growth", str(GROWTH_ROWS[-1]), 1) or {"stages": {}}
    for stage in (name for name, seconds in last["stages"].items() if seconds >= SHOWN_SECONDS):
        seconds = [measures.series("growth", str(n), "stages", stage) for n in GROWTH_ROWS]
        memory = measures.series("growth", str(GROWTH_ROWS[-1]), "peaks", stage)
        times = [write(one, ".1f") for one in seconds]
        factor = write(ratios(seconds[-1], seconds[0]), ".1f", "×")
        rows.append([stage, *times, factor, write(memory, ",.0f")])
    counts = [f"{n:,}" for n in GROWTH_ROWS]
    head = ["stage", *(f"{n}, s" for n in counts), f"{counts[-1]} ÷ {counts[0]}", "MB"]
    table = render_table(head, rows)
    return (
        f"## Growth without the network\n\n{table}\n\nThe default run on made-up photographs "
        "that are stored already (`bench/made_up.py`), then the tasks of a run that knows none. "
        f"Stages of at least {SHOWN_SECONDS:.0f} s; MB: peak of the driver's Python at "
        f"{counts[-1]}."
    )


def large(measures: Measures) -> str:
    """Photographs of 12 megapixels."""
    rows = []
    for kind in DECODING:
        mine = partial(measures.series, "large", "both", kind)
        rate = ratios(mine("images"), mine("nodes", FEATURIZATION))
        rows.append([kind, write(rate, ".1f"), write(mine("memory", "worker"), ".0f")])
    table = render_table(["decoding", "photographs/s", "largest worker, MB"], rows)
    cosine = write(measures.series("large", "both", "smallest_cosine"), ".4f")
    return (
        f"## 12 megapixels\n\n{table}\n\nSmallest cosine of features between the two: {cosine}. "
        "The photographs have 4000 × 3000 pixels with noise (`bench/large.py`)."
    )


def costs(measures: Measures) -> str:
    """What a million photographs cost: time and cost are proportional to their number."""
    kinds = {
        "100 × 100 pixels, 5 kB": ("rounds", f"all {OURS}"),
        "12 megapixels": ("large", "both", "scaled"),
    }
    rows = []
    for kind, place in kinds.items():
        both = (measures.series(*place, "stages", name) for name in ("ingestion", "featurization"))
        seconds = middle(ratios(total(*both), measures.series(*place, "images")))
        core_hours = (seconds or 0) * (measures.record("about") or {})["cores"] * 1e6 / 3600
        prices = (f"{core_hours * price:.2f}" for price in VCPU_HOUR.values())
        rows.append([kind, f"{core_hours:.1f}", *prices])
    table = render_table(["a million photographs", "core-hours", *VCPU_HOUR], rows)
    return (
        f"## Costs\n\n{table}\n\nIngestion and featurization on EMR, computed with prices of an "
        "x86 vCPU as published in 2026 (`bench/report.py`): look them up before you multiply."
    )


if __name__ == "__main__":
    print(f"Wrote {write_report(Records(Path(sys.argv[1], RESULTS)), Path(sys.argv[1]))}")
