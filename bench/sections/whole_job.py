"""Seconds of the whole job, stage by stage."""

from collections.abc import Sequence

from bench.figures import Series, differences, ratios, sums
from bench.measures import STAGES, Measures
from bench.parts.rounds import PRECISIONS
from bench.tables import render_table, write_series

_STAGE_NAMES = {
    "featurize": "read, decode, features, Parquet",
    "reduce": "scale, PCA, Parquet, CSV",
    "classify": "train, predict, measure",
}


def render_whole_job(measures: Measures) -> str:
    """Seconds of the whole job, stage by stage."""
    rows = [
        _job_row("whole process, wall", measures, measures.original(), "seconds"),
        _job_row(
            "of this, converting the network (once per storage; int8: calibration too)",
            measures,
            {},
            "conversion",
        ),
        _job_row("of this, t-SNE map (the original draws none)", measures, {}, "map"),
        _job_row("of this, the report (the original has none)", measures, {}, "report"),
        _job_row("**whole job** (without these three)", measures, measures.original(), "whole"),
    ]
    for stage in STAGES:
        ours = [measures.our_stage(precision, stage) for precision in PRECISIONS]
        rows.append(_seconds_row(_STAGE_NAMES[stage], measures.original_stage(stage), ours))
    rows.append(
        _seconds_row(
            "outside of the stages (start of Python; of Spark too, for the original)",
            time_outside(measures),
            [measures.series("kedro", precision, "outside") for precision in PRECISIONS],
        )
    )
    rows.append(_ratio_row("original ÷ ours, whole job", measures, "whole"))
    rows.append(_ratio_row("original ÷ ours, wall", measures, "seconds"))
    head = ["seconds", "the original's way", *(f"ours, {name}" for name in PRECISIONS)]
    return (
        f"## The whole job\n\n{render_table(head, rows)}\n\n"
        "The original's way (`bench/original.py`): `binaryFile`, 24 partitions, pandas UDF with "
        "Keras `predict`, Spark ML scaler and PCA, Parquet, CSV, random forest of 200 trees. Ours "
        "is `kedro run` with default settings, but without augmented copies, which the original "
        "does not make (`augmentation.copies=0`): it also accounts for every file, keeps the "
        "bytes, resolves duplicates, calibrates and draws reports; its classifier is a logistic "
        "regression, its scaler takes out the covariance within labels, and it is fitted on train "
        "rows only. The start of Spark is in ours' first stage."
    )


def time_outside(measures: Measures) -> dict[int, float]:
    """Seconds of the original's process outside of the stages that do the job."""
    stages = sums(*(measures.original_stage(stage) for stage in STAGES))
    return differences(measures.original(), stages)


def _job_row(name: str, measures: Measures, original: Series, field: str) -> list[str]:
    ours = [measures.series("kedro", precision, field) for precision in PRECISIONS]
    return _seconds_row(name, original, ours)


def _seconds_row(name: str, original: Series, ours: Sequence[Series]) -> list[str]:
    return [name, write_series(original, ".1f"), *(write_series(one, ".1f") for one in ours)]


def _ratio_row(name: str, measures: Measures, field: str) -> list[str]:
    ours = (measures.series("kedro", precision, field) for precision in PRECISIONS)
    return [name, "", *(write_series(ratios(measures.original(), one), ".2f", "×") for one in ours)]
