"""What the project promises of its speed, its memory and the equality of its features."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from bench.figures import Measures, Series, ratios
from bench.kedro_run import FEATURIZATION
from bench.parts import COPIES, GROWTH_ROWS, ORIGINAL, OURS, PLAIN

FEW, MANY = GROWTH_ROWS[0], GROWTH_ROWS[-1]


class Promise(NamedTuple):
    """A limit that must be reached, and the aim beyond it, which says which side is better."""

    what: str
    limit: float
    aim: float
    form: str
    measured: Callable[[Measures], Series]

    def verdict(self, value: float | None) -> str:
        """How a value, rounded as it is printed, compares with the limit and the aim."""
        if value is None:
            return "not measured"
        sign = 1 if self.aim > self.limit else -1
        printed = sign * float(format(value, self.form))
        if printed >= sign * self.aim:
            return "aim met"
        return "limit met" if printed >= sign * self.limit else "**limit missed**"


def _times(folder: str, above: str, below: str, measures: Measures) -> Series:
    """Whole-process seconds of a way, as a multiple of another's."""
    both = (measures.series("rounds", f"{folder} {way}", "seconds") for way in (above, below))
    return ratios(*both)


def _growth_per_row(measures: Measures) -> Series:
    """Seconds per row of all stages, at a million rows against 100,000."""
    both = (measures.series("growth", str(rows), "in_stages") for rows in (MANY, FEW))
    return {number: value * FEW / MANY for number, value in ratios(*both).items()}


def _scaled_speed_up(measures: Measures) -> Series:
    """Featurization of large photographs, full decoding against scaled."""
    keys = ("nodes", FEATURIZATION)
    both = (measures.series("large", "both", kind, *keys) for kind in ("full", "scaled"))
    return ratios(*both)


def _of(*keys: str) -> Callable[[Measures], Series]:
    return lambda measures: measures.series(*keys)


PROMISES = tuple(
    Promise(*row)
    for row in (
        ("`test` without copies ÷ plain", 2.3, 1.9, ".2f", partial(_times, "test", OURS, PLAIN)),
        ("`all` without copies ÷ plain", 1.7, 1.4, ".2f", partial(_times, "all", OURS, PLAIN)),
        ("`sample` without copies ÷ plain", 3, 2.5, ".2f", partial(_times, "sample", OURS, PLAIN)),
        ("`sample` with copies ÷ plain", 3, 2.5, ".2f", partial(_times, "sample", COPIES, PLAIN)),
        ("original ÷ `all` without copies", 5, 6, ".2f", partial(_times, "all", ORIGINAL, OURS)),
        (
            *("largest difference of a feature from Keras's", 1e-4, 6e-5, ".1e"),
            _of("equality", "all", "largest_difference"),
        ),
        (
            *("largest Python worker, MB", 600, 300, ".0f"),
            _of("rounds", f"all {COPIES}", "memory", "worker"),
        ),
        ("growth: time per row, a million ÷ 100,000", 1.1, 1, ".2f", _growth_per_row),
        (
            *("growth: driver's Python at a million rows, MB", 4000, 2000, ".0f"),
            _of("growth", str(MANY), "memory", "driver"),
        ),
        ("12 megapixels: full decoding ÷ scaled", 3, 3.5, ".2f", _scaled_speed_up),
    )
)
