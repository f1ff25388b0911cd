"""Running one part of the benchmark as a process of its own, timed and watched."""

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
from fruits_kedro import FruitsError

ROOT = Path(__file__).resolve().parents[1]

SECONDS_TO_END = 10
"""Time for an interrupted part to remove its temporary files before it is killed."""


class PartFailedError(FruitsError):
    """A part ended with an error; its message says which and where its output is."""


def run_process(command: Sequence[str], log: Path) -> dict[str, Any]:
    """Run a command in the project's folder to its end.

    Args:
        command: Program and arguments.
        log: File that takes everything it prints.

    Returns:
        ``seconds`` (wall time from start to end) and ``memory`` (``MemorySampler.peaks``).

    Raises:
        PartFailedError: Where it does not end with 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_plain_environment(),
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
        raise PartFailedError(f"{_last_line(log)} (exit code {status}, output in {log})")
    return {"seconds": round(seconds, 3), "memory": sampler.peaks}


def run_script(module: str, arguments: Sequence[object], log: Path) -> dict[str, Any]:
    """Run a script of this folder, which writes what it measured as JSON into ``--result``.

    Returns:
        What ``run_process`` returns, and what the script measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
        outcome = run_process([*command, "--result", str(result)], log)
        return {**outcome, **json.loads(result.read_text())}


def _plain_environment() -> dict[str, str]:
    """This process's environment, without what would redirect a run of the project or record it."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith("FRUITS_")}
    return {**plain, "FRUITS_TRACKING": "off"}


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End what the part left running, or what an interrupt leaves: nothing may disturb the next."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(SECONDS_TO_END)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")
