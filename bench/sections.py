"""The sections of ``docs/benchmark.md``, each from the measures alone."""

from collections.abc import Sequence

from bench.figures import Series, differences, ratios, summarise, sums
from bench.kedro_run import FEATURIZATION
from bench.measures import STAGES, Measures
from bench.parts.large import DECODING
from bench.parts.rounds import PRECISIONS
from bench.parts.sizes import SIZES
from bench.records import Record
from bench.tables import UNKNOWN, render_table, write_figure, write_series, write_spread
from bench.targets import Target

_STAGE_NAMES = {
    "featurize": "read, decode, features, Parquet",
    "reduce": "scale, PCA, Parquet, CSV",
    "classify": "train, predict, measure",
}
_KINDS = {
    "driver": "driver, Python",
    "jvm": "driver, JVM",
    "worker": "largest Python worker",
    "worker_pss": "the same, shared pages divided (PSS)",
    "child": "largest other child (conversion, loops)",
}


def introduce(about: Record, rounds: int) -> str:
    """What was measured, on what, when, and by which command."""
    machine, versions = about["machine"], about["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    times = "round" if rounds == 1 else "rounds"
    return (
        f"Written by `{about['command']}` (`make bench`); not to be edited by hand.\n\n"
        f"{about['photographs']:,} photographs, {rounds} {times}, {about['date']}, commit "
        f"`{about['commit']}`. {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}. {named}.\n\n"
        "Every figure is the median of the rounds, with the smallest and the largest in "
        "parentheses. A ratio is taken within each round, so that both sides met the same state of "
        "the machine. Every measurement is a process of its own on fresh storage; all files had "
        "been read once before, so that nobody waits for the disk."
    )


def render_targets(title: str, targets: Sequence[Target], measures: Measures) -> str:
    """Promises and what was measured."""
    rows = []
    for target in targets:
        figure = target.figure(measures)
        rows.append(
            [
                target.what,
                target.write_limit(target.floor),
                target.write_limit(target.aim),
                UNKNOWN if figure is None else target.write(figure.median),
                UNKNOWN if figure is None else write_spread(figure, target.form),
                target.verdict(figure),
            ]
        )
    head = ["", "floor", "out for", "median", "spread", ""]
    return f"## {title}\n\n{render_table(head, rows)}"


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
        "is `kedro run` with default settings: it also accounts for every file, keeps the bytes, "
        "resolves duplicates and draws reports; its classifier is a logistic regression, and its "
        "scaler and PCA are fitted on train rows only. The start of Spark is in ours' first stage."
    )


def time_outside(measures: Measures) -> dict[int, float]:
    """Seconds of the original's process outside of the stages that do the job."""
    stages = sums(*(measures.original_stage(stage) for stage in STAGES))
    return differences(measures.original(), stages)


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


def render_equality(measures: Measures) -> str:
    """How far our features and predictions are from Keras's."""
    names = {
        "images": ("photographs compared", ".0f"),
        "without_features": ("photographs without features", ".0f"),
        "largest_difference": ("largest difference of a feature", ".1e"),
        "smallest_cosine": ("smallest cosine", ".6f"),
        "median_cosine": ("median cosine", ".6f"),
        "predictions_that_differ": ("predictions that differ", ".0f"),
    }
    rows = [
        [
            text,
            *(write_series(measures.series("equality", p, name), form) for p in PRECISIONS),
        ]
        for name, (text, form) in names.items()
    ]
    accuracies = (measures.series("kedro", p, "accuracy") for p in PRECISIONS)
    rows.append(["accuracy of the kept classifier", *(write_series(a, ".4f") for a in accuracies)])
    for name in ("folder", "capture"):
        values = (measures.series("sizes", f"224 {p}", name) for p in PRECISIONS)
        rows.append([f"accuracy, `evaluation`, {name}", *(write_series(a, ".4f") for a in values)])
    return (
        f"## The same results\n\n{render_table(['against Keras', *PRECISIONS], rows)}\n\n"
        "Keras's features come from `bench/keras_predict.py`, which shares no decoding with the "
        "project and decodes every pixel, while the project's default lets the decoder scale large "
        "photographs down. Predictions: both sets of features through the run's saved reducer and "
        "classifier."
    )


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


def render_sizes(measures: Measures) -> str:
    """Image size and precision: speed, accuracy, megabytes."""
    rows = []
    for size in SIZES:
        for precision in PRECISIONS:
            variant = f"{size} {precision}"
            accuracies = (measures.series("sizes", variant, n) for n in ("folder", "capture"))
            megabytes = measures.series("sizes", variant, "network_megabytes")
            rows.append(
                [
                    f"{size}, {precision}",
                    write_series(measures.rate_of_node("sizes", variant), ".0f"),
                    *(write_series(accuracy, ".4f") for accuracy in accuracies),
                    write_series(megabytes, ".1f"),
                ]
            )
    head = ["image_size, precision", "photographs/s", "folder", "capture", "network, MB"]
    return (
        f"## Size and precision\n\n{render_table(head, rows)}\n\n"
        f"Photographs per second of `{FEATURIZATION}`, one run each; accuracies of `kedro run "
        "--pipelines=evaluation`, `capture` being the mean over rotation axes that never trained."
    )


def render_large(measures: Measures) -> str:
    """Photographs of 12 megapixels."""
    rows = []
    for variant in DECODING:
        seconds = measures.featurizing_seconds("large", variant)
        images = measures.series("large", variant, "images")
        rows.append(
            [
                variant,
                write_series(measures.rate_of_node("large", variant), ".1f"),
                write_series(ratios(images, seconds), ".1f"),
                write_series(measures.series("large", variant, "memory", "worker"), ".0f"),
            ]
        )
    head = ["decoding", f"`{FEATURIZATION}`, /s", "with ingestion, /s", "largest worker, MB"]
    cosine = [
        write_figure(summarise(measures.series("large", "cosine", name).values()), ".4f")
        for name in ("smallest_cosine", "median_cosine")
    ]
    size = write_series(measures.series("large", "full", "megabytes_each"), ".1f")
    return (
        f"## 12 megapixels\n\n{render_table(head, rows)}\n\n"
        f"Cosine of features between the two: smallest {cosine[0]}, median {cosine[1]}. The "
        f"photographs are 4000 × 3000 pixels with noise, {size} MB each (`bench/large.py`)."
    )


def _job_row(name: str, measures: Measures, original: Series, field: str) -> list[str]:
    ours = [measures.series("kedro", precision, field) for precision in PRECISIONS]
    return _seconds_row(name, original, ours)


def _seconds_row(name: str, original: Series, ours: Sequence[Series]) -> list[str]:
    return [name, write_series(original, ".1f"), *(write_series(one, ".1f") for one in ours)]


def _ratio_row(name: str, measures: Measures, field: str) -> list[str]:
    ours = (measures.series("kedro", precision, field) for precision in PRECISIONS)
    return [name, "", *(write_series(ratios(measures.original(), one), ".2f", "×") for one in ours)]


def _rate_row(name: str, rate: Series, measures: Measures, share: str = "") -> list[str]:
    faster = ratios(rate, measures.keras_rate("all_seconds"))
    return [name, write_series(rate, ".1f"), write_series(faster, ".2f", "×"), share]
