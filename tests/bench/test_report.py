"""The report is made from the records alone."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bench_records import ABOUT, one_round, whole_benchmark

from bench import report
from bench.measures import Measures
from bench.records import Records
from fruits_kedro import FruitsError

SECTIONS = (
    "Targets",
    "Faster must mean the same",
    "The whole job",
    "Computing features",
    "Scaler and PCA",
    "Memory",
    "The same results",
    "Ten times the photographs",
    "Cores",
    "Size and precision",
    "12 megapixels",
)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A project root of its own, so that a test never writes into docs/."""
    monkeypatch.setattr(report, "ROOT", tmp_path / "project")
    return tmp_path / "project"


def write(tmp_path: Path, records: list) -> Path:
    stored = Records(tmp_path / "work" / "results.jsonl")
    for record in records:
        stored.add(record)
    return report.write_reports(stored, tmp_path / "work")[0].parent


def rows(text: str) -> dict[str, list[str]]:
    """Cells of every table row by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def test_a_whole_benchmark_goes_into_docs(tmp_path, root):
    assert write(tmp_path, whole_benchmark()) == root / "docs"
    text = (root / "docs" / "benchmark.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert "try-out" not in text
    for known in ("a CPU", "2 cores", "2026-11-22", "0123456789ab", ABOUT["command"], "10,000"):
        assert known in text


def test_the_json_holds_every_record(tmp_path, root):
    write(tmp_path, whole_benchmark())
    stored = json.loads((root / "docs" / "benchmark.json").read_text())
    assert stored == whole_benchmark()


def test_the_picture_is_one(tmp_path, root):
    write(tmp_path, whole_benchmark())
    ElementTree.fromstring((root / "docs" / "benchmark.svg").read_text())


def test_targets_stand_with_what_was_measured():
    table = rows(report.render(Measures(whole_benchmark()), ABOUT))
    whole = table["whole job, float32, against the original's way"]
    assert whole == ["≥ 3.5×", "≥ 5×", "5.00×", "4.50–5.50", "aim met"]
    ours = "100.0 (100.0–100.0)"
    assert table["whole process, wall"] == ["400.0 (360.0–440.0)", ours, ours]
    assert table["original ÷ ours, wall"][1].startswith("4.00×")


def test_stages_of_both_sides_stand_beside_each_other():
    table = rows(report.render(Measures(one_round(1)), ABOUT))
    assert table["read, decode, features, Parquet"][:2] == ["320.0", "62.0"]
    assert table["scale, PCA, Parquet, CSV"][:2] == ["40.0", "7.0"]
    assert table["train, predict, measure"][:2] == ["30.0", "8.0"]


@pytest.mark.parametrize(
    ("photographs", "rounds"), [(4_999, (1, 2, 3)), (10_000, (1, 2)), (10_000, ())]
)
def test_a_try_out_stays_in_its_folder_and_says_so(tmp_path, root, photographs, rounds):
    about = {**ABOUT, "photographs": photographs}
    records = [about, *(record for number in rounds for record in one_round(number))]
    assert write(tmp_path, records) == tmp_path / "work" / "report"
    assert not root.exists()
    assert "try-out" in (tmp_path / "work" / "report" / "benchmark.md").read_text()


def test_parts_that_were_not_run_have_no_section():
    text = report.render(Measures([ABOUT, *one_round(1)]), ABOUT)
    assert "## The whole job" in text
    assert "## Cores" not in text
    assert "## 12 megapixels" not in text


def test_no_results_are_told(tmp_path, root):
    with pytest.raises(FruitsError, match="no results"):
        write(tmp_path, [])
