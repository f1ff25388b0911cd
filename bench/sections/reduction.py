"""Scaler and PCA, Spark ML's and ours."""

from bench.figures import ratios
from bench.measures import Measures
from bench.tables import render_table, write_series


def render_reduction(measures: Measures) -> str:
    """Scaler and PCA, Spark ML's and ours."""
    theirs = [
        ("fit", measures.series("spark_ml", "", "fit_seconds")),
        ("transform and write", measures.series("spark_ml", "", "transform_seconds")),
        ("both", measures.series("spark_ml", "", "reduction_seconds")),
    ]
    ours = [
        measures.series("reduction", "", "nodes", "fit_reducer_on_train"),
        measures.series("reduction", "", "nodes", "reduce_photographs"),
        measures.series("reduction", "", "reduction_seconds"),
    ]
    rows = [
        [name, write_series(a, ".2f"), write_series(b, ".2f"), write_series(ratios(a, b), ".1f")]
        for (name, a), b in zip(theirs, ours, strict=True)
    ]
    head = ["seconds", "Spark ML", "ours", "Spark ML ÷ ours"]
    return (
        f"## Scaler and PCA\n\n{render_table(head, rows)}\n\n"
        "On the same stored features, fitted on the same train rows, from Parquet to Parquet; the "
        "start of the session and a first reading of the tables are outside on both sides."
    )
