"""How far features and predictions are from Keras's."""

from bench.measures import Measures
from bench.parts.rounds import PRECISIONS
from bench.tables import render_table, write_series


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
