"""Ctrl-C and SIGTERM in a real terminal, from the first moment on: one sentence and a code."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from runs import BIN, ROOT, copy_photos, train_and_test
from terminal import CTRL_C, Terminal

STOPS: dict[str, Callable[[Terminal], None]] = {
    "Ctrl-C": lambda terminal: terminal.press(CTRL_C),
    "SIGTERM": lambda terminal: os.kill(terminal.process.pid, signal.SIGTERM),
}
CODES = {"Ctrl-C": 130, "SIGTERM": 143}
MOMENTS = (0.01, 0.1, 0.3, 0.6, 0.95)
"""Shares of the nodes: listing, the start of Spark, the network, fits, the report."""


@pytest.fixture
def job(tmp_path) -> Iterator[Callable[[], Terminal]]:
    """Starts runs on a few photographs with one storage, and ends what is left of them."""
    copy_photos(train_and_test(), tmp_path / "images")
    started: list[Terminal] = []
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("FRUITS_", "KEDRO_"))}
    values = f"images={tmp_path / 'images'},storage={tmp_path / 'storage'},tracking=off"
    words = [str(BIN / "kedro"), "run", f"--params={values}"]

    def start() -> Terminal:
        started.append(Terminal(words, ROOT, {**outer, "DO_NOT_TRACK": "1"}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.kill()


def assert_ended_calmly(terminal: Terminal, stop: str) -> None:
    """One sentence in a line of its own, nothing after it, the right code."""
    assert terminal.end(20) == CODES[stop], terminal.shown
    assert "Traceback" not in terminal.shown
    assert terminal.shown.count("Stopped by") == 1
    last = terminal.shown.rsplit("\x1b[2K", 1)[-1]
    assert last.startswith(f"Stopped by {stop}. "), terminal.shown
    assert last.count("\n") == 1, terminal.shown


@pytest.mark.parametrize("stop", STOPS)
def test_a_run_that_is_stopped_while_it_starts(job, stop):
    terminal = job()
    terminal.wait_for(terminal.is_ready_for_signals)
    STOPS[stop](terminal)
    assert_ended_calmly(terminal, stop)


@pytest.mark.faults
@pytest.mark.parametrize("stop", STOPS)
def test_a_run_that_is_stopped_again_and_again_completes_in_the_end(job, tmp_path, stop):
    for moment in MOMENTS:
        terminal = job()
        terminal.wait_for(lambda: _share(terminal) >= moment)  # noqa: B023  used at once
        STOPS[stop](terminal)
        assert_ended_calmly(terminal, stop)
    terminal = job()
    assert terminal.end() == 0, terminal.shown
    assert _report(tmp_path)["accuracy"] > 0.5


def _share(terminal: Terminal) -> float:
    number, total = terminal.step()
    return number / total


def _report(folder: Path) -> Any:
    return json.loads((folder / "storage" / "08_reporting" / "metrics.json").read_text())
