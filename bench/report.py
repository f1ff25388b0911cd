"""Writes ``docs/benchmark.md`` from the records alone: ``python -m bench.report WORK``."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench.costs import update_page
from bench.figures import Measures, middle, ratios, render_table, write
from bench.kedro_run import FEATURIZATION
from bench.parts import COPIES, DECODING, GROWTH_ROWS, ORIGINAL, OURS, PLAIN, WAYS
from bench.photographs import MINIMUM
from bench.processes import ROOT
from bench.promises import PROMISES
from bench.workbench import Record, Records
from fruits_kedro import FruitsError

ENOUGH_ROUNDS = 3
RESULTS = "results.jsonl"
SHOWN_SECONDS = 1.0

WAY_NAMES = {
    OURS: "ours, `augmentation.copies=0`",
    COPIES: "ours, default with copies",
    PLAIN: "plain script",
    ORIGINAL: "the original's way",
}
STAGES = ("ingestion", "featurization", "reduction", "classification", "reporting")
MEMORY = ("driver", "jvm", "worker")


def write_report(records: Records, work: Path) -> list[Path]:
    """Write the report into ``docs`` if enough was measured to be quoted, else into ``work``.

    Returns:
        The files written.

    Raises:
        FruitsError: If nothing was measured.
    """
    measures = Measures(records.all())
    about = measures.record("about")
    if about is None:
        raise FruitsError(f"{records.path} holds no results: run make bench IMAGES=FOLDER first.")
    complete = is_complete(measures, about)
    page = (ROOT / "docs" if complete else work) / "benchmark.md"
    page.write_text(render(measures, about), encoding="utf-8")
    costs = update_page(measures, about["cores"], ROOT / "docs" / "scale.md") if complete else []
    return [page, *costs]


def is_complete(measures: Measures, about: Record) -> bool:
    """Whether there are enough photographs and rounds for figures that may be quoted."""
    rounds = ratios(*(measures.series("rounds", f"all {way}", "seconds") for way in (OURS, PLAIN)))
    return about["photographs"] >= MINIMUM and len(rounds) >= ENOUGH_ROUNDS


def render(measures: Measures, about: Record) -> str:
    """The whole page: introduction, promises, and a section for every part that was measured."""
    title = "# Benchmark\n"
    if not is_complete(measures, about):
        title += "\nA trial: too few photographs or rounds for figures that may be quoted.\n"
    sections: dict[str, tuple[Callable[[Measures], str], ...]] = {
        "rounds": (render_whole_job, render_stages),
        "equality": (render_equality,),
        "growth": (render_growth,),
        "large": (render_large,),
    }
    texts = [
        one(measures) for part, those in sections.items() if measures.has(part) for one in those
    ]
    return "\n\n".join([f"{title}\n{introduce(about, measures)}", *texts]) + "\n"


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
        "Every figure is the median of the rounds, with the smallest and the largest in "
        "parentheses. Ratios are taken within a round, so both sides met the same state of the "
        "machine. Every measurement is a process on empty storage. All files were read once "
        "before, so nothing waits for the disk.\n\n"
        f"{render_table(['promise', 'limit', 'aim', 'measured', 'verdict'], rows)}"
    )


def render_whole_job(measures: Measures) -> str:
    """Seconds of the whole process, every way on every folder."""

    def row(folder: str, way: str) -> list[str]:
        variant = f"{folder} {way}"
        seconds, plain, original = (
            measures.series("rounds", f"{folder} {name}", "seconds")
            for name in (way, PLAIN, ORIGINAL)
        )
        return [
            f"{folder}, {WAY_NAMES[way]}",
            f"{middle(measures.series('rounds', variant, 'images')) or 0:,.0f}",
            write(seconds, ".1f"),
            write(ratios(seconds, plain), ".2f", "×"),
            write(ratios(original, seconds), ".2f", "×"),
            write(measures.series("rounds", variant, "accuracy"), ".4f"),
            *(write(measures.series("rounds", variant, "memory", kind), ".0f") for kind in MEMORY),
        ]

    head = ["whole process", "photographs", "seconds", "÷ plain", "original ÷", "accuracy"]
    head += ["driver, MB", "JVM, MB", "worker, MB"]
    table = render_table(head, [row(folder, way) for folder, ways in WAYS.items() for way in ways])
    return (
        f"## The whole job\n\n{table}\n\n"
        "`sample` is the sample that ships with the project, `test` the folder `Test/`, `all` the "
        "whole folder. The plain script (`bench/plain.py`) is processes, LiteRT, pyarrow and "
        "scikit-learn: decode, network, Parquet, scaler and PCA, Parquet, logistic regression. The "
        "original's way (`bench/original.py`) is `binaryFile`, a pandas UDF with Keras `predict`, "
        "Spark ML's scaler and PCA, Parquet, CSV and a random forest of 200 trees. Ours also lists "
        "and accounts for every file, keeps the bytes, resolves duplicates, calibrates, writes the "
        "phone's file and draws the report. Accuracies belong to different splits. Megabytes are "
        "the peak resident memory of the largest process of each kind."
    )


def render_stages(measures: Measures) -> str:
    """Seconds of our pipelines, and of the plain script's first stage beside them."""

    def row(folder: str, way: str) -> list[str]:
        mine = [measures.series("rounds", f"{folder} {way}", "stages", name) for name in STAGES]
        node = measures.series("rounds", f"{folder} {way}", "nodes", FEATURIZATION)
        plain = measures.series("rounds", f"{folder} {PLAIN}", "stages", "features")
        return [f"{folder}, {WAY_NAMES[way]}", *(write(one, ".1f") for one in (*mine, node, plain))]

    rows = [row(folder, way) for folder in WAYS for way in (OURS, COPIES)]
    head = ["seconds", *STAGES, f"`{FEATURIZATION}`", "plain, files to features"]
    return f"## Stages\n\n{render_table(head, rows)}\n\nIngestion includes the start of Spark."


def render_equality(measures: Measures) -> str:
    """Features against Keras's."""
    names = {
        "images": ("photographs compared", ",.0f"),
        "without_features": ("photographs without features", ",.0f"),
        "largest_difference": ("largest difference of a feature", ".1e"),
        "smallest_cosine": ("smallest cosine", ".6f"),
        "keras_seconds": ("seconds of Keras `predict`", ".0f"),
    }
    rows = [
        [text, write(measures.series("equality", "all", name), form)]
        for name, (text, form) in names.items()
    ]
    return (
        f"## The same features\n\n{render_table(['against Keras', 'float32'], rows)}\n\n"
        "`bench/keras_features.py` shares no decoding with the project."
    )


def render_growth(measures: Measures) -> str:
    """Seconds and peak memory of every stage but the network, by number of rows."""
    rows = []
    last = measures.record("growth", str(GROWTH_ROWS[-1]), 1) or {"stages": {}}
    for stage in (name for name, seconds in last["stages"].items() if seconds >= SHOWN_SECONDS):
        seconds, memory = (
            [measures.series("growth", str(n), name, stage) for n in GROWTH_ROWS]
            for name in ("stages", "peaks")
        )
        times = [write(one, ".1f") for one in seconds]
        factor = write(ratios(seconds[-1], seconds[0]), ".1f", "×")
        rows.append([stage, *times, factor, *(write(one, ",.0f") for one in memory)])
    counts = [f"{n:,}" for n in GROWTH_ROWS]
    head = ["stage", *(f"{n}, s" for n in counts), f"{counts[-1]} ÷ {counts[0]}"]
    table = render_table([*head, *(f"{n}, MB" for n in counts)], rows)
    return (
        f"## Growth without the network\n\n{table}\n\nThe default run on made-up photographs "
        "whose bytes and features are in the storage already (`bench/made_up.py`), then the tasks "
        "of a run that knows none of them. Stages of at least a second; megabytes are the peak "
        "resident memory of the driver's Python during the stage."
    )


def render_large(measures: Measures) -> str:
    """Photographs of 12 megapixels."""
    rows = []
    for kind in DECODING:
        images = measures.series("large", "both", kind, "images")
        node = measures.series("large", "both", kind, "nodes", FEATURIZATION)
        worker = measures.series("large", "both", kind, "memory", "worker")
        rows.append([kind, write(ratios(images, node), ".1f"), write(worker, ".0f")])
    table = render_table(["decoding", "photographs/s", "largest worker, MB"], rows)
    cosine = write(measures.series("large", "both", "smallest_cosine"), ".4f")
    return (
        f"## 12 megapixels\n\n{table}\n\nSmallest cosine of features between the two: {cosine}. "
        "The photographs have 4000 × 3000 pixels with noise (`bench/large.py`)."
    )


if __name__ == "__main__":
    for path in write_report(Records(Path(sys.argv[1], RESULTS)), Path(sys.argv[1])):
        print(f"Wrote {path}")
