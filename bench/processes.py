"""Runs one measurement in its own process, with wall time and peak memory."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.memory import MemorySampler
from bench.scripts import ROOT
from fruits_kedro import FruitsError

SECONDS_TO_END = 10
"""Time to remove temporary files before an interrupted process is killed."""


def run_process(command: Sequence[str], log: Path) -> dict[str, Any]:
    """Run a command in the project's folder and wait for it.

    Returns:
        ``seconds`` (wall time from start to end) and ``memory`` (``MemorySampler.peaks``).

    Raises:
        FruitsError: If the exit code is not 0; everything the command prints is in ``log``.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # Variables of the project would redirect or record its runs.
    plain = {name: text for name, text in os.environ.items() if not name.startswith("FRUITS_")}
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**plain, "FRUITS_TRACKING": "off"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with MemorySampler(process.pid) as sampler:
                status = process.wait()
                seconds = time.perf_counter() - start
        finally:
            _end_group(process)
    if status != 0:
        raise FruitsError(f"{_last_line(log)} (exit code {status}, see {log})")
    return {"seconds": round(seconds, 3), "memory": sampler.peaks}


def run_module(name: str, arguments: Sequence[object], log: Path) -> dict[str, Any]:
    """Run a measuring script of this folder; what it measured, ``seconds`` and ``memory``."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", f"bench.{name}", *map(str, arguments)]
        outcome = run_process([*command, "--result", str(result)], log)
        return {**outcome, **json.loads(result.read_text())}


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End everything the process left running, so that nothing disturbs the next measurement."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(SECONDS_TO_END)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "no output")
