"""What the project promises of its speed and of the equality of its results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.figures import Figure, Series, summarise
from bench.measures import Measures

Verdict = Literal["not measured", "floor missed", "floor met", "aim met"]


@dataclass(frozen=True)
class Target:
    """A promise.

    Attributes:
        what: Is measured.
        floor: Must be reached.
        aim: Is what the project is out for.
        better: Whether ``more`` or ``less`` is better.
        form: How a value is written, as a format specification.
        unit: Written after a value.
        measured: Takes the values out of the measures.
        judged: By the ``median`` (speeds) or by the ``worst`` value (limits).
    """

    what: str
    floor: float
    aim: float
    better: Literal["more", "less"]
    form: str
    unit: str
    measured: Callable[[Measures], Series]
    judged: Literal["median", "worst"] = "median"

    def figure(self, measures: Measures) -> Figure | None:
        """What was measured."""
        return summarise(self.measured(measures).values())

    def verdict(self, figure: Figure | None) -> Verdict:
        """Whether a figure, rounded as it is written, reaches floor and aim."""
        if figure is None:
            return "not measured"
        value = float(format(self._judged_value(figure), self.form))
        if self._reaches(value, self.aim):
            return "aim met"
        return "floor met" if self._reaches(value, self.floor) else "floor missed"

    def write(self, value: float) -> str:
        """A value with its unit."""
        return format(value, self.form) + self.unit

    def write_limit(self, limit: float) -> str:
        """A limit with the side that is allowed."""
        return f"{'≥' if self.better == 'more' else '≤'} {limit:g}{self.unit}"

    def _judged_value(self, figure: Figure) -> float:
        if self.judged == "median":
            return figure.median
        return figure.low if self.better == "more" else figure.high

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.better == "more" else value <= limit


SPEED = (
    Target(
        "whole job, float32, against the original's way",
        3.5,
        5,
        "more",
        ".2f",
        "×",
        lambda measures: measures.speed_up("float32"),
    ),
    Target(
        "whole job, int8, against the original's way",
        5,
        8,
        "more",
        ".2f",
        "×",
        lambda measures: measures.speed_up("int8"),
    ),
    Target(
        "featurization inside Spark against the bare loop, float32",
        0.9,
        0.97,
        "more",
        ".3f",
        "",
        lambda measures: measures.share_of_ceiling("float32"),
    ),
    Target(
        "reduction, fit and transform from storage, against Spark ML",
        5,
        15,
        "more",
        ".2f",
        "×",
        Measures.reduction_speed_up,
    ),
    Target(
        "10× the photographs, time of ingestion and featurization",
        10.5,
        10,
        "less",
        ".2f",
        "×",
        Measures.growth_of_time,
    ),
    Target(
        "10× the photographs, peak memory of the driver (JVM and Python)",
        1.1,
        1,
        "less",
        ".2f",
        "×",
        Measures.growth_of_driver,
    ),
    Target(
        "peak memory of one Python worker (resident)",
        600,
        300,
        "less",
        ".0f",
        " MB",
        Measures.worker_peaks,
        "worst",
    ),
    Target(
        "two worker cores against one",
        1.8,
        1.95,
        "more",
        ".2f",
        "×",
        lambda measures: measures.core_speed_up("spark"),
    ),
)
"""How fast, how big."""

EQUALITY = (
    Target(
        "float32: largest difference of a feature from Keras's, every photograph",
        1e-3,
        1e-3,
        "less",
        ".1e",
        "",
        lambda measures: measures.series("equality", "float32", "largest_difference"),
        "worst",
    ),
    Target(
        "float32: predictions that differ with Keras's features",
        2,
        2,
        "less",
        ".0f",
        "",
        lambda measures: measures.series("equality", "float32", "predictions_that_differ"),
        "worst",
    ),
    Target(
        "int8: accuracy of the kept classifier against float32's, points apart",
        0.2,
        0.2,
        "less",
        ".2f",
        "",
        Measures.int8_points_lost,
        "worst",
    ),
    Target(
        "12 megapixels: smallest cosine of features, scaled decoding against full",
        0.99,
        0.99,
        "more",
        ".4f",
        "",
        lambda measures: measures.series("large", "cosine", "smallest_cosine"),
        "worst",
    ),
    Target(
        "12 megapixels: featurization with scaled decoding against full",
        3,
        3,
        "more",
        ".2f",
        "×",
        Measures.scaled_speed_up,
    ),
)
"""Faster must mean the same."""
