"""Peaks of the processes of each part."""

from bench.measures import Measures
from bench.parts.rounds import PRECISIONS
from bench.tables import render_table, write_series

_KINDS = {
    "driver": "driver, Python",
    "jvm": "driver, JVM",
    "worker": "largest Python worker",
    "worker_pss": "the same, shared pages divided (PSS)",
    "child": "largest other child (conversion, loops)",
}


def render_memory(measures: Measures) -> str:
    """Peaks of the processes of each part."""
    parts = {
        "the original's way": ("original", ""),
        "plain Keras": ("keras", ""),
        **{f"ours, {name}": ("kedro", name) for name in PRECISIONS},
        "bare loops, float32": ("loop", "float32"),
        "ours, once": ("scale", "once"),
        "ours, 10×": ("scale", "grown"),
    }
    rows = [
        [name, *(write_series(measures.series(*key, "memory", kind), ".0f") for kind in _KINDS)]
        for name, key in parts.items()
    ]
    head = ["megabytes, peak", *_KINDS.values()]
    return (
        f"## Memory\n\n{render_table(head, rows)}\n\n"
        "Resident memory of the largest process of each kind, sampled every 0.2 s. A JVM holds "
        "garbage until it needs the room."
    )
