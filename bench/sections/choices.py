"""What a user may choose: image size, precision, decoding of large photographs."""

from bench.figures import ratios, summarise
from bench.kedro_run import FEATURIZATION
from bench.measures import Measures
from bench.parts.large import DECODING
from bench.parts.rounds import PRECISIONS
from bench.parts.sizes import SIZES
from bench.tables import render_table, write_figure, write_series


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
