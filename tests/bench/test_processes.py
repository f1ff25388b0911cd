"""Running a part in a process of its own."""

import sys
import time

import pytest

from bench.processes import PartFailedError, run_process

psutil = pytest.importorskip("psutil", reason="psutil is a development package of make bench")


def run(code: str, log):
    return run_process([sys.executable, "-c", code], log)


def test_a_part_is_timed_and_its_output_kept(tmp_path):
    outcome = run("print('measured'); import time; time.sleep(0.5)", tmp_path / "logs" / "part.log")
    assert outcome["seconds"] > 0
    assert outcome["memory"]["driver"] > 0
    assert (tmp_path / "logs" / "part.log").read_text() == "measured\n"


def test_a_part_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(PartFailedError) as told:
        run("import sys; print('a reason\\n', file=sys.stderr); sys.exit(3)", tmp_path / "part.log")
    assert "a reason" in told.value.message
    assert "exit code 3" in told.value.message
    assert str(tmp_path / "part.log") in told.value.message


def test_variables_of_the_project_do_not_reach_a_part(tmp_path, monkeypatch):
    monkeypatch.setenv("FRUITS_STORAGE", "/elsewhere")
    monkeypatch.setenv("OTHER", "kept")
    run("import os; print(*sorted(os.environ))", tmp_path / "part.log")
    names = (tmp_path / "part.log").read_text().split()
    assert "OTHER" in names
    assert [name for name in names if name.startswith("FRUITS_")] == ["FRUITS_TRACKING"]


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_what_a_part_leaves_running_is_ended(tmp_path):
    leaves = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']).pid)"
    )
    run(leaves, tmp_path / "part.log")
    pid = int((tmp_path / "part.log").read_text())
    for _ in range(100):  # a signal takes its time
        if not is_running(pid):
            break
        time.sleep(0.1)
    assert not is_running(pid)
