"""Repeated measurements as series by round; medians, ratios and Markdown tables of them."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from bench.workbench import Record

Series = Mapping[int, float]
"""A number by round."""

UNKNOWN = "–"


class Measures:
    """The newest record of every measurement, from records in order of measurement."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = {(one["part"], one["variant"], one["round"]): one for one in records}

    def record(self, part: str, variant: str = "", number: int = 0) -> Record | None:
        """One record."""
        return self._records.get((part, variant, number))

    def has(self, part: str) -> bool:
        """Whether anything of a part was measured."""
        return any(name == part for name, _, _ in self._records)

    def series(self, part: str, variant: str, *keys: str) -> Series:
        """The number at nested keys of every record of a variant; rounds without it are skipped."""
        found = {
            number: _follow(record, keys)
            for (its_part, its_variant, number), record in sorted(self._records.items())
            if (its_part, its_variant) == (part, variant)
        }
        return {number: value for number, value in found.items() if value is not None}


def ratios(above: Series, below: Series) -> Series:
    """Quotients within each round, whose measurements share the state of the machine."""
    return {number: above[number] / below[number] for number in above if below.get(number)}


def total(*series: Series) -> Series:
    """Sums within each round, for the rounds that all series have."""
    common = set.intersection(*(set(one) for one in series))
    return {number: sum(one[number] for one in series) for number in sorted(common)}


def middle(series: Series) -> float | None:
    """The median of all rounds; None without any."""
    return median(series.values()) if series else None


def write(series: Series, form: str, unit: str = "") -> str:
    """Median and, with several rounds, smallest and largest: ``1.9 s (1.8–2.2)``."""
    value = middle(series)
    if value is None:
        return UNKNOWN
    spread = f" ({min(series.values()):{form}}–{max(series.values()):{form}})"
    return format(value, form) + unit + (spread if len(series) > 1 else "")


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column is text, all others are aligned to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _follow(record: Record, keys: Iterable[str]) -> float | None:
    value: Any = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None
