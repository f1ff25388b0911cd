"""More photographs, more cores."""

from bench.kedro_run import FEATURIZATION
from bench.measures import Measures
from bench.tables import render_table, write_series


def render_scale(measures: Measures) -> str:
    """Ten times the photographs."""
    time = [measures.featurizing_seconds("scale", name) for name in ("once", "grown")]
    rows = [["ingestion and featurization, s", *(write_series(t, ".1f") for t in time)]]
    rows[0].append(write_series(measures.growth_of_time(), ".2f", "×"))
    names = {
        ("seconds",): ("whole process, s", ".1f"),
        ("nodes", FEATURIZATION): (f"`{FEATURIZATION}`, s", ".1f"),
        ("memory", "jvm"): ("peak of the JVM, MB", ".0f"),
        ("heap_left",): ("most heap left by a collection of the JVM, MB", ".0f"),
        ("memory", "driver"): ("peak of the driver's Python, MB", ".0f"),
        ("memory", "worker"): ("peak of the largest Python worker, MB", ".0f"),
    }
    for steps, (text, form) in names.items():
        both = (measures.series("scale", name, *steps) for name in ("once", "grown"))
        growth = write_series(measures.growth(*steps), ".2f", "×")
        rows.append([text, *(write_series(values, form) for values in both), growth])
    images = [measures.series("scale", name, "images") for name in ("once", "grown")]
    head = ["", *(f"{write_series(count, '.0f')} photographs" for count in images), "growth"]
    return (
        f"## Ten times the photographs\n\n{render_table(head, rows)}\n\n"
        "Distinct files made by `bench/grow.py`: the same pixels, other bytes. The short run was "
        "measured before and after the long one."
    )


def render_cores(measures: Measures) -> str:
    """One core and two."""
    rows = []
    for kind, name, steps in (
        ("spark", f"`{FEATURIZATION}`", ("nodes", FEATURIZATION)),
        ("loop", "bare loop", ("loop_seconds",)),
    ):
        spent = [measures.series("cores", f"{kind} {cores}", *steps) for cores in (1, 2)]
        growth = write_series(measures.core_speed_up(kind), ".2f", "×")
        rows.append([name, *(write_series(seconds, ".1f") for seconds in spent), growth])
    head = ["seconds, float32", "one core", "two cores", "speed-up"]
    return f"## Cores\n\n{render_table(head, rows)}"
