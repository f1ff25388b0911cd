"""Medians, spreads and ratios of repeated measurements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

Series = Mapping[int, float]
"""What was measured, by the number of the round."""


@dataclass(frozen=True)
class Figure:
    """One quantity over all rounds.

    Attributes:
        median: Of the rounds.
        low, high: The smallest and the largest.
        rounds: How many there are.
    """

    median: float
    low: float
    high: float
    rounds: int


def summarise(values: Iterable[float]) -> Figure | None:
    """The figure of repeated measurements; None where there are none."""
    known = list(values)
    return Figure(median(known), min(known), max(known), len(known)) if known else None


def ratios(above: Series, below: Series) -> dict[int, float]:
    """``above`` divided by ``below``, round by round, for the rounds that both have.

    Within a round, because neighbours in time share the state of the machine.
    """
    return {number: above[number] / below[number] for number in sorted(above) if below.get(number)}


def rates(counts: Series, seconds: Series) -> dict[int, float]:
    """Photographs per second, round by round."""
    return ratios(counts, seconds)


def sums(*series: Series) -> dict[int, float]:
    """The sum of several series, for the rounds that all of them have."""
    common = set.intersection(*(set(one) for one in series))
    return {number: sum(one[number] for one in series) for number in sorted(common)}


def differences(above: Series, below: Series) -> dict[int, float]:
    """``above`` less ``below``, for the rounds that both have."""
    return {number: above[number] - below[number] for number in sorted(above) if number in below}
