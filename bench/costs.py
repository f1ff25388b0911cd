"""What a million photographs take and cost on EMR, written into ``docs/scale.md``.

Computed from the records of ``make bench`` and ``bench/prices.csv``. Time and cost are proportional
to the number of photographs, so one row per kind says everything.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Measures, middle, ratios, render_table, total
from fruits_kedro import FruitsError

PRICES = Path(__file__).with_name("prices.csv")
BEGIN, END = "<!-- computed by bench/costs.py -->", "<!-- end of what is computed -->"
MILLION = 10**6

EMR_SHARE = 0.25
"""EMR's own price as a share of the instance's on-demand price: 15 to 25 % by instance type.

Source: https://awsnegotiations.com/emr-cluster-cost-strategy.html (May 2026)
"""

PER_READ, PER_NAME = 0.0004 / 1000, 0.005 / 1000 / 1000
"""US dollars per GET of S3 Standard, and per name of a LIST, which answers with 1,000.

Source: https://c3x.dev/blog/s3-request-fees-explained
"""

KINDS = {
    "100 × 100 pixels, 5 kB": (("rounds", "all ours"), 1),
    "12 megapixels": (("large", "both", "scaled"), 2),
}
"""Where a kind of photographs was measured, and GET requests per photograph."""


def per_core(measures: Measures, place: Sequence[str], cores: int) -> float | None:
    """Photographs per second and core, ingestion and featurization together."""
    stages = (measures.series(*place, "stages", name) for name in ("ingestion", "featurization"))
    rate = middle(ratios(measures.series(*place, "images"), total(*stages)))
    return None if rate is None else rate / cores


def render(rates: dict[str, float]) -> str:
    """The table, from photographs per second and core by kind."""
    with PRICES.open(newline="", encoding="utf-8") as file:
        instances = list(csv.DictReader(file))
    rows = []
    for kind, rate in rates.items():
        hours = MILLION / rate / 3600
        requests = MILLION * (KINDS[kind][1] * PER_READ + PER_NAME)
        prices = [_dollars(hours, instance) for instance in instances]
        rows.append([kind, f"{rate:.1f}", f"{hours:,.1f}", f"{requests:.2f}", *prices])
    head = ["a million photographs", "measured, per second and core", "core-hours", "S3, $"]
    head += [f"{one['instance']} ({one['processor']}), $" for one in instances]
    return render_table(head, rows)


def _dollars(hours: float, instance: dict[str, str]) -> str:
    """Price of core-hours, on demand / spot; spot does not lower EMR's share."""
    share = EMR_SHARE * float(instance["on_demand"])
    prices = (float(instance[kind]) + share for kind in ("on_demand", "spot"))
    return " / ".join(f"{hours * price / int(instance['vcpus']):,.2f}" for price in prices)


def insert(page: str, computed: str) -> str:
    """The page with the computed table between its marks.

    Raises:
        FruitsError: If the marks are missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FruitsError(f"docs/scale.md lacks {BEGIN} or {END}: add both around the table.")
    return f"{before}{BEGIN}\n\n{computed}\n\n{END}{after}"


def update_page(measures: Measures, cores: int, page: Path) -> list[Path]:
    """Write the table into the page if every kind was measured; the files written."""
    found = {kind: per_core(measures, place, cores) for kind, (place, _) in KINDS.items()}
    rates = {kind: rate for kind, rate in found.items() if rate is not None}
    if len(rates) < len(KINDS):
        return []
    page.write_text(insert(page.read_text("utf-8"), render(rates)), encoding="utf-8")
    return [page]
