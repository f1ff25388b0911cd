"""Markdown tables."""

from collections.abc import Sequence

from bench.figures import Figure, Series, summarise

UNKNOWN = "–"


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others stand to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def write_figure(figure: Figure | None, form: str, unit: str = "") -> str:
    """Median and, where there is more than one round, the spread: ``1.9 s (1.8–2.2)``."""
    if figure is None:
        return UNKNOWN
    middle = format(figure.median, form) + unit
    return middle if figure.rounds == 1 else f"{middle} ({write_spread(figure, form)})"


def write_spread(figure: Figure, form: str) -> str:
    """Smallest and largest value."""
    return f"{format(figure.low, form)}–{format(figure.high, form)}"


def write_series(series: Series, form: str, unit: str = "") -> str:
    """``write_figure`` of a series."""
    return write_figure(summarise(series.values()), form, unit)
