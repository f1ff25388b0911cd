"""The report is made from the records alone: here of a made-up benchmark with simple figures."""

from pathlib import Path
from typing import Any

import pytest

from bench import report
from bench.figures import UNKNOWN, Measures, middle, ratios
from bench.parts import GROWTH_ROWS, WAYS
from bench.promises import PROMISES, Promise
from bench.workbench import Record, Records

pytestmark = pytest.mark.tools
SECTIONS = [
    "The whole job",
    "The same features",
    "Growth without the network",
    "12 megapixels",
    "Costs",
]
ABOUT = {
    "part": "about",
    "variant": "",
    "round": 0,
    "command": "python -m bench --images /photos",
    "images": "/photos",
    "photographs": 10_000,
    "date": "2026-11-30",
    "commit": "0123456789ab",
    "cores": 2,
    "machine": "a CPU, 2 cores",
}
SECONDS = {"ours": 60.0, "copies": 90.0, "plain": 40.0, "original": 300.0}


def record(part: str, variant: str, number: int = 1, **values: Any) -> Record:
    return {"part": part, "variant": variant, "round": number, **values}


def run(seconds: float, images: int = 10_000) -> Record:
    return {
        "seconds": seconds,
        "memory": {"driver": 500.0, "jvm": 900.0, "worker": 250.0},
        "stages": {"ingestion": 10.0, "featurization": 40.0},
        "nodes": {"compute_features": 35.0},
        "images": images,
        "accuracy": 0.99,
    }


def rounds(count: int) -> list[Record]:
    return [
        record("rounds", f"{folder} {way}", number, **run(SECONDS[way] * number))
        for number in range(1, count + 1)
        for folder, ways in WAYS.items()
        for way in ways
    ]


def growth(rows: int) -> Record:
    stages = {"stages": {"a_node": rows / 1e4}, "peaks": {"a_node": 900.0}}
    return record("growth", str(rows), memory={"driver": 1500.0}, in_stages=rows / 1e4, **stages)


WHOLE = [
    ABOUT,
    *rounds(3),
    record("equality", "all", images=10_000, without_features=0, largest_difference=5e-5),
    *map(growth, GROWTH_ROWS),
    record("large", "both", scaled=run(30, 200), full=run(90, 200), smallest_cosine=0.996),
]


def cells(text: str) -> dict[str, list[str]]:
    """Cells of every table row by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def write_from(folder: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the report went, in a project of its own, so that no test writes into docs/."""
    page = folder / "results.md"
    page.write_text("# Results\n<!-- benchmark: x -->\nold\n<!-- end of benchmark -->\nkept\n")
    monkeypatch.setattr(report, "RESULTS_PAGE", page)
    stored = Records(folder / "results.jsonl")
    for one in records:
        stored.add(one)
    return report.write_report(stored, folder).name


def test_a_complete_benchmark_goes_into_docs_with_every_section(tmp_path, monkeypatch):
    assert write_from(tmp_path, WHOLE, monkeypatch) == "results.md"
    text = (tmp_path / "results.md").read_text()
    assert [line[5:] for line in text.splitlines() if line.startswith("#### ")] == SECTIONS
    assert "old" not in text.splitlines()
    assert text.endswith("<!-- end of benchmark -->\nkept\n")
    assert UNKNOWN not in cells(text)["all, ours, `augmentation.copies=0`"]


@pytest.mark.parametrize(("photographs", "count"), [(4_999, 3), (10_000, 2), (10_000, 0)])
def test_a_trial_stays_in_its_folder_and_says_so(tmp_path, monkeypatch, photographs, count):
    about = {**ABOUT, "photographs": photographs}
    assert write_from(tmp_path, [about, *rounds(count)], monkeypatch) == "benchmark.md"
    assert "trial" in (tmp_path / "benchmark.md").read_text()


def test_every_promise_is_judged():
    table = cells(report.introduce(ABOUT, Measures(WHOLE)))
    verdicts = {promise.what: table[promise.what][-1] for promise in PROMISES}
    assert "not measured" not in verdicts.values()
    assert table["`all` without copies ÷ plain"] == ["1.7", "1.4", "1.50 (1.50–1.50)", "limit met"]
    assert verdicts["growth: time per row, a million ÷ 100,000"] == "aim met"


@pytest.mark.parametrize(
    ("limit", "aim", "value", "verdict"),
    [
        (3, 5, 5, "aim met"),
        (3, 5, 3, "limit met"),
        (3, 5, 2.9, "**limit missed**"),
        (3, 2, 3.04, "limit met"),
        (3, 5, None, "not measured"),
    ],
)
def test_a_limit_may_be_the_largest_or_the_smallest_value(limit, aim, value, verdict):
    assert Promise("", limit, aim, ".1f", lambda _: {}).verdict(value) == verdict


def test_ratios_are_taken_within_each_round():
    above, below = {1: 10.0, 2: 12.0, 3: 30.0, 4: 1.0}, {1: 5.0, 2: 12.0, 3: 10.0, 5: 1.0}
    assert ratios(above, below) == {1: 2.0, 2: 1.0, 3: 3.0}
    assert middle(ratios(above, below)) == 2.0


def test_costs_follow_from_the_measured_rate():
    table = cells(report.costs(Measures(WHOLE)))
    hours, on_demand, spot = map(float, table["100 × 100 pixels, 5 kB"])
    assert hours == pytest.approx(50 / 10_000 * 2 * 1e6 / 3600, abs=0.05)
    assert on_demand == pytest.approx(hours * 0.85 / 16, abs=0.01)
    assert spot < on_demand
