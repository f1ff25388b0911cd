"""Photographs per second of every way of computing features."""

from bench.figures import Series, ratios
from bench.kedro_run import FEATURIZATION
from bench.measures import Measures
from bench.parts.rounds import PRECISIONS
from bench.tables import render_table, write_series


def render_rates(measures: Measures) -> str:
    """Photographs per second of every way of computing features."""
    rows = [
        _rate_row("the original's first stage", measures.original_rate(), measures),
        _rate_row("Keras `predict`, all", measures.keras_rate("all_seconds"), measures),
        _rate_row("Keras `predict`, alone", measures.keras_rate("predict_seconds"), measures),
    ]
    for precision in PRECISIONS:
        ceiling, inside = measures.loop_rate(precision), measures.spark_rate(precision)
        rows.append(_rate_row(f"bare loops, {precision}", ceiling, measures))
        share = write_series(ratios(inside, ceiling), ".3f")
        rows.append(_rate_row(f"ours inside Spark, {precision}", inside, measures, share))
    head = ["photographs per second", "", "against Keras, all", "against the bare loops"]
    return (
        f"## Computing features\n\n{render_table(head, rows)}\n\n"
        f"Inside Spark is the node `{FEATURIZATION}`: from stored bytes to stored features. The "
        "bare loops (`bench/bare_loop.py`) are as many processes as cores, each with one thread, "
        "reading files, decoding with the project's own code and keeping features in memory; "
        "their clock starts when all are ready. Keras decodes in one process and predicts on all "
        "cores."
    )


def _rate_row(name: str, rate: Series, measures: Measures, share: str = "") -> list[str]:
    faster = ratios(rate, measures.keras_rate("all_seconds"))
    return [name, write_series(rate, ".1f"), write_series(faster, ".2f", "×"), share]
