"""What a million photographs and more would take and cost: ``python -m bench.costs``.

Computed from what ``make bench`` measured (``docs/benchmark.json``) and from ``bench/prices.csv``,
and written into ``docs/scale.md`` between two marks.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import summarise
from bench.measures import Measures
from bench.processes import ROOT
from bench.tables import render_table
from fruits_kedro import FruitsError

PRICES = Path(__file__).with_name("prices.csv")
BEGIN, END = "<!-- computed by bench/costs.py -->", "<!-- end of what is computed -->"

PHOTOGRAPHS = {"1 million": 10**6, "100 million": 10**8, "1 billion": 10**9}
VCPUS = 480
"""A cluster of this size; cost does not depend on it, time is inversely proportional."""

EMR_SHARE = 0.25
"""EMR's own price as a share of the instance's on-demand price: 15 to 25 %, by instance type.

Source: https://awsnegotiations.com/emr-cluster-cost-strategy.html (May 2026)
"""

PER_READ = 0.0004 / 1000
PER_LISTING = 0.005 / 1000
"""US dollars per GET and per LIST request of S3 Standard.

Source: https://c3x.dev/blog/s3-request-fees-explained
"""

NAMES_PER_LISTING = 1000
"""Of one answer of ListObjectsV2."""


@dataclass(frozen=True)
class Instance:
    """A machine to rent; US dollars per hour.

    Attributes:
        name, processor: As AWS calls them.
        vcpus: How many.
        on_demand, spot: Price of the instance without EMR.
    """

    name: str
    processor: str
    vcpus: int
    on_demand: float
    spot: float

    def per_vcpu_hour(self, spot: bool) -> float:
        """With EMR's share, which spot does not lower."""
        return ((self.spot if spot else self.on_demand) + EMR_SHARE * self.on_demand) / self.vcpus


@dataclass(frozen=True)
class Kind:
    """A kind of photographs.

    Attributes:
        name: Of the kind.
        per_core: Photographs per second and core, ingestion and featurization together.
        reads: GET requests per photograph.
    """

    name: str
    per_core: float
    reads: int


def read_prices(path: Path = PRICES) -> list[Instance]:
    """The instances of a table of prices."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Instance(
                row["instance"],
                row["processor"],
                int(row["vcpus"]),
                float(row["on_demand"]),
                float(row["spot"]),
            )
            for row in csv.DictReader(file)
        ]


def measured_kinds(measures: Measures, cores: int) -> list[Kind]:
    """How fast each kind was.

    Raises:
        FruitsError: Where the benchmark has no figures of one.
    """
    kinds = []
    for name, part, variant, reads in (
        ("100 × 100 pixels, 5 kB", "scale", "grown", 1),
        ("12 megapixels", "large", "scaled", 2),
    ):
        images = measures.series(part, variant, "images")
        seconds = summarise(measures.featurizing_seconds(part, variant).values())
        if seconds is None:
            raise FruitsError(f"There are no figures of {part}: run make bench PARTS={part} first.")
        kinds.append(Kind(name, min(images.values()) / seconds.median / cores, reads))
    return kinds


def requests_cost(photographs: int, reads: int) -> float:
    """US dollars for listing and reading."""
    return photographs * (reads * PER_READ + PER_LISTING / NAMES_PER_LISTING)


def render(kinds: Sequence[Kind], instances: Sequence[Instance]) -> str:
    """The tables."""
    measured = [[kind.name, f"{kind.per_core:.1f}"] for kind in kinds]
    rows = [
        _row(kind, name, count, instances) for kind in kinds for name, count in PHOTOGRAPHS.items()
    ]
    head = ["computed", "core-hours", f"hours on {VCPUS} cores", "S3 requests, $"]
    head += [f"{one.name} ({one.processor}), $, on demand / spot" for one in instances]
    return "\n\n".join(
        (
            render_table(["measured", "photographs per second and core"], measured),
            render_table(head, rows),
        )
    )


def _row(kind: Kind, name: str, count: int, instances: Sequence[Instance]) -> list[str]:
    hours = count / kind.per_core / 3600
    prices = [
        " / ".join(f"{hours * one.per_vcpu_hour(spot):,.2f}" for spot in (False, True))
        for one in instances
    ]
    return [
        f"{name}, {kind.name}",
        f"{hours:,.1f}",
        f"{hours / VCPUS:,.2f}",
        f"{requests_cost(count, kind.reads):,.2f}",
        *prices,
    ]


def insert(page: str, computed: str) -> str:
    """The page with what is computed between its marks.

    Raises:
        FruitsError: Where the marks are missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FruitsError(f"The page lacks {BEGIN} and {END}: put both where the tables shall be.")
    return f"{before}{BEGIN}\n\n{computed}\n\n{END}{after}"


def compute(results: Path = ROOT / "docs" / "benchmark.json") -> str:
    """The tables of the results of a benchmark."""
    records = json.loads(results.read_text(encoding="utf-8"))
    measures = Measures(records)
    about = measures.record("about") or {}
    return render(measured_kinds(measures, about["machine"]["cores"]), read_prices())


def main() -> None:
    """Command line."""
    page = ROOT / "docs" / "scale.md"
    page.write_text(insert(page.read_text(encoding="utf-8"), compute()), encoding="utf-8")
    print(f"Wrote {page}")


if __name__ == "__main__":
    main()
