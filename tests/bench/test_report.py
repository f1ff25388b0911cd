"""The report is made from the records alone."""

from pathlib import Path

import pytest
from bench_made_up import ABOUT, one_round, whole_benchmark

from bench import report
from bench.figures import UNKNOWN, Measures, middle, ratios, render_table, total, write
from bench.promises import PROMISES, Promise
from bench.workbench import Records
from fruits_kedro import FruitsError

pytestmark = pytest.mark.tools
SECTIONS = [
    "The whole job",
    "The same features",
    "Growth without the network",
    "12 megapixels",
    "Costs",
]


def rows(text: str) -> dict[str, list[str]]:
    """Cells of every table row by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A project of its own, so that no test writes into docs/."""
    page = tmp_path / "docs" / "results.md"
    page.parent.mkdir()
    page.write_text("# Results\n<!-- benchmark: x -->\nold\n<!-- end of benchmark -->\nkept\n")
    monkeypatch.setattr(report, "RESULTS_PAGE", page)
    return tmp_path


def write_from(root: Path, records: list) -> str:
    stored = Records(root / "results.jsonl")
    for record in records:
        stored.add(record)
    return str(report.write_report(stored, root).relative_to(root))


def test_a_complete_benchmark_goes_into_docs_with_every_section(root):
    assert write_from(root, whole_benchmark()) == "docs/results.md"
    text = (root / "docs" / "results.md").read_text()
    assert [line[5:] for line in text.splitlines() if line.startswith("#### ")] == SECTIONS
    assert "old" not in text.splitlines()
    assert text.endswith("<!-- end of benchmark -->\nkept\n")
    assert UNKNOWN not in rows(text)["all, ours, `augmentation.copies=0`"]


def test_every_promise_is_judged():
    table = rows(report.introduce(ABOUT, Measures(whole_benchmark())))
    verdicts = {promise.what: table[promise.what][-1] for promise in PROMISES}
    assert "not measured" not in verdicts.values()
    assert table["`all` without copies ÷ plain"] == ["1.7", "1.4", "1.50 (1.50–1.50)", "limit met"]
    assert verdicts["growth: time per row, a million ÷ 100,000"] == "aim met"


def test_a_limit_may_be_the_largest_or_the_smallest_value():
    smallest = Promise("", 3, 5, ".1f", lambda _: {})
    assert [smallest.verdict(v) for v in (5, 3, 2.9)] == [
        "aim met",
        "limit met",
        "**limit missed**",
    ]
    assert Promise("", 3, 2, ".1f", lambda _: {}).verdict(3.04) == "limit met"
    assert smallest.verdict(None) == "not measured"


@pytest.mark.parametrize(("photographs", "rounds"), [(4_999, 3), (10_000, 2), (10_000, 0)])
def test_a_trial_stays_in_its_folder_and_says_so(root, photographs, rounds):
    about = {**ABOUT, "photographs": photographs}
    records = [about, *(record for n in range(rounds) for record in one_round(n + 1))]
    assert write_from(root, records) == "benchmark.md"
    assert "trial" in (root / "benchmark.md").read_text()


def test_nothing_measured_is_an_error(root):
    with pytest.raises(FruitsError):
        write_from(root, [])


def test_ratios_are_taken_within_each_round():
    above, below = {1: 10.0, 2: 12.0, 3: 30.0, 4: 1.0}, {1: 5.0, 2: 12.0, 3: 10.0, 5: 1.0}
    assert ratios(above, below) == {1: 2.0, 2: 1.0, 3: 3.0}
    assert middle(ratios(above, below)) == 2.0
    assert total({1: 1.0, 2: 2.0}, {1: 10.0}) == {1: 11.0}


def test_figures_show_the_spread_of_rounds():
    assert write({1: 1.0, 2: 3.0, 3: 2.0}, ".1f", " s") == "2.0 s (1.0–3.0)"
    assert write({1: 2.0}, ".1f") == "2.0"
    assert write({}, ".1f") == UNKNOWN
    assert render_table(["a", "s"], [["b", "1"]]) == "| a | s |\n| --- | ---: |\n| b | 1 |"


def test_costs_follow_from_the_measured_rate():
    table = rows(report.costs(Measures(whole_benchmark())))
    hours, on_demand, spot = map(float, table["100 × 100 pixels, 5 kB"])
    assert hours == pytest.approx(50 / 10_000 * 2 * 1e6 / 3600, abs=0.05)
    assert on_demand == pytest.approx(hours * 0.85 / 16, abs=0.01)
    assert spot < on_demand
