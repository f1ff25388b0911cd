"""What the file for a phone answers is compared with what the run predicted."""

import importlib.util
import sys
from pathlib import Path

from runs import LABELS, TEST_COUNT, whole_run

TOOL = Path(__file__).resolve().parents[2] / "tools" / "compare_phone.py"
spec = importlib.util.spec_from_file_location("compare_phone", TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_the_file_of_a_run_agrees_with_its_predictions(
    spark, tmp_path_factory, monkeypatch, capsys
):
    job = whole_run(tmp_path_factory.getbasetemp())
    monkeypatch.setattr(sys, "argv", ["compare_phone.py", str(job.storage)])
    tool.main()
    count, apart, label, _ = capsys.readouterr().out.splitlines()
    assert count.startswith(f"{len(LABELS) * TEST_COUNT} test photographs, float32, ")
    assert float(apart.split(": ")[1]) < 1e-4
    assert label == "same label: 100.00%"
