"""A bar chart as SVG text: seconds per stage, one bar per way of doing the job."""

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#9d9d9d", "#d0d0d0")
WIDTH, LEFT, RIGHT = 860, 150, 70
BAR, GAP, LEGEND = 34, 18, 26
FONT = "font-family='sans-serif' font-size='13'"


def draw_bars(bars: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Stacked horizontal bars.

    Args:
        bars: Seconds by stage, by the bar's name; stages of the same name have one colour.
        title: Of the chart.

    Returns:
        A standalone SVG document.
    """
    stages = list(dict.fromkeys(stage for bar in bars.values() for stage in bar))
    longest = max((sum(bar.values()) for bar in bars.values()), default=0.0) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / longest
    top = 2 * LEGEND + 30
    height = top + len(bars) * (BAR + GAP)
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' "
        f"viewBox='0 0 {WIDTH} {height}' {FONT}>",
        f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        f"<text x='10' y='22' font-weight='bold'>{escape(title)}</text>",
        *_draw_legend(stages),
    ]
    for row, (name, bar) in enumerate(bars.items()):
        lines += _draw_bar(name, bar, stages, top + row * (BAR + GAP), scale)
    return "\n".join([*lines, "</svg>", ""])


def _draw_legend(stages: Sequence[str]) -> list[str]:
    lines = []
    columns = (len(stages) + 1) // 2 or 1
    for index, stage in enumerate(stages):
        x = 10 + (index % columns) * ((WIDTH - 20) // columns)
        y = 36 + (index // columns) * LEGEND
        colour = COLOURS[index % len(COLOURS)]
        lines.append(f"<rect x='{x}' y='{y}' width='14' height='14' fill='{colour}'/>")
        lines.append(f"<text x='{x + 20}' y='{y + 12}'>{escape(stage)}</text>")
    return lines


def _draw_bar(
    name: str, bar: Mapping[str, float], stages: Sequence[str], y: int, scale: float
) -> list[str]:
    middle = y + BAR // 2 + 5
    lines = [f"<text x='{LEFT - 8}' y='{middle}' text-anchor='end'>{escape(name)}</text>"]
    x = float(LEFT)
    for stage, seconds in bar.items():
        colour = COLOURS[stages.index(stage) % len(COLOURS)]
        width = seconds * scale
        lines.append(
            f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='{BAR}' fill='{colour}'>"
            f"<title>{escape(stage)}: {seconds:.1f} s</title></rect>"
        )
        x += width
    lines.append(f"<text x='{x + 6:.1f}' y='{middle}'>{sum(bar.values()):.0f} s</text>")
    return lines
