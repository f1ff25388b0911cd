"""A command in a real terminal: keys are pressed, and all that the terminal shows is read."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

CTRL_C = b"\x03"


class Terminal:
    """A command that runs in a terminal of its own.

    Args:
        words: The command.
        folder: Where it starts.
        environment: All of its variables.
    """

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)

    def wait_for(self, condition: Callable[[], object], seconds: float = 300) -> None:
        """Read until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.shown
            assert self.process.poll() is None or self._read(0.1), self.shown
            self._read(0.02)

    def step(self) -> tuple[int, int]:
        """The number of the last node that was shown, and how many there are."""
        found = re.findall(r"\[(\d+)/(\d+)\]", self.shown)
        return (int(found[-1][0]), int(found[-1][1])) if found else (0, 1)

    def is_ready_for_signals(self) -> bool:
        """Whether the process handles SIGTERM: our code is the first to do so."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        caught = int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16)
        return bool(caught >> (signal.SIGTERM - 1) & 1)

    def press(self, keys: bytes) -> None:
        """Press keys; the terminal turns Ctrl-C into a signal to every process in it."""
        os.write(self._master, keys)

    def end(self, seconds: float = 300) -> int:
        """The exit code, once every process that shares the terminal has ended."""
        until = time.monotonic() + seconds
        while self._read(0.5) is not None:
            assert time.monotonic() < until, self.shown
        os.close(self._master)
        return self.process.wait(30)

    def kill(self) -> None:
        """End what is left of it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def _read(self, seconds: float) -> str | None:
        """What is shown next, empty if nothing is, None after the last process has ended."""
        if not select.select([self._master], [], [], seconds)[0]:
            return ""
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return None
        self.shown += data.decode(errors="replace")
        return data.decode(errors="replace")
