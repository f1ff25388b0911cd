"""Ctrl-C and SIGTERM end a run within seconds, with all of its processes; two runs at once."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.processes import Run, wait_until
from faults.storages import FEATURES, assert_same_results, committed, report

STOP_SECONDS = 10
"""A stopped run is gone within so many seconds."""
CODES = {"Ctrl-C": 130, "SIGTERM": 143}
Moment = Callable[[Run, Path], object]


def catches_signals(run: Run) -> bool:
    """As early as this project's code can: Kedro has found the project and imports it."""
    status = Path(f"/proc/{run.pid}/status").read_text()
    caught = re.search(r"SigCgt:\s*(\w+)", status)
    return bool(caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def said(pattern: str) -> Moment:
    return lambda run, storage: re.search(pattern, run.output)


def starts_java(run: Run, storage: Path) -> bool:
    return any("java" in line for line in run.processes().values())


MOMENTS: dict[str, tuple[str, Moment]] = {
    "while listing": ("Ctrl-C", said(r"\[1/\d+\]")),
    "while Java starts": ("Ctrl-C", starts_java),
    "while Java starts, by SIGTERM": ("SIGTERM", starts_java),
    "while workers read": ("Ctrl-C", said(r"Wrote images: 10 new rows of 20")),
    "while workers infer": ("Ctrl-C", lambda run, storage: committed(storage, FEATURES)),
    "while fitting": ("Ctrl-C", said(r"\] fit_reducer_on_train")),
    "while fitting, by SIGTERM": ("SIGTERM", said(r"\] (place_map_points|train_on_train)")),
    "while writing the report": ("Ctrl-C", said(r"\] render_report|\] shrink_photographs")),
}


def stop(run: Run, how: str) -> None:
    """Stop it as a user does: it prints one sentence in a line of its own, and nothing after it."""
    printed = len(run.output)
    run.type_ctrl_c() if how == "Ctrl-C" else os.kill(run.pid, signal.SIGTERM)
    assert wait_until(lambda: run.process.poll() is not None, STOP_SECONDS), run.processes()
    assert run.process.returncode == CODES[how], run.output
    # The JVM and the workers may end a moment after the driver.
    run.wait_for_nothing(STOP_SECONDS)
    assert "Traceback" not in run.output, run.output
    assert "Exception" not in run.output, run.output
    lines = re.split(r"\r\n|\r|\n", run.output[printed:].replace("^C", "").replace("\x1b[2K", ""))
    said_after = [line for line in lines if line.strip() and not re.match(r"[\d:]{8} INFO", line)]
    assert len(said_after) == 1, run.output
    last = run.output.rsplit("\x1b[2K", 1)[-1]
    assert re.fullmatch(rf"Stopped by {how}\. [^\n]+\n", last), run.output


@pytest.mark.parametrize("how", CODES)
def test_a_run_that_is_stopped_while_it_starts(runs, fresh, how):
    run = runs.start(fresh, terminal=True)
    run.wait_for(lambda: catches_signals(run), "a handler of signals")
    stop(run, how)


@pytest.mark.faults
@pytest.mark.xdist_group("stops")
def test_a_stopped_run_says_one_sentence_and_the_next_resumes(runs, here, fresh, reference):
    """Each run resumes from what the one before left, until the last one completes."""
    for moment, (how, condition) in MOMENTS.items():
        run = runs.start(fresh, terminal=True)
        run.wait_for(lambda run=run, c=condition: c(run, fresh), moment)
        stop(run, how)
    here(fresh)
    assert_same_results(fresh, reference)


@pytest.mark.faults
@pytest.mark.xdist_group("stops")
def test_others_are_refused_while_a_run_writes_and_it_completes(runs, fresh, total):
    first = runs.start(fresh, "ingestion")
    first.wait_for_line(r"\[1/\d+\]")
    collecting = runs.command("fruits", "gc", f"--params=storage={fresh}")
    for other in (runs.start(fresh, "ingestion"), collecting):
        assert f"writing to {fresh} (process {first.pid} on " in other.sentence()
    assert first.end() == 0, first.output
    assert report(fresh, "ingestion")["kept"] == total
