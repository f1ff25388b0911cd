"""Real runs as processes: started, stopped at a chosen moment, and looked at afterwards."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runs import BIN, ROOT

STOP_SECONDS = 10
"""An interrupted run is gone within so many seconds."""

SMALL = {
    "featurization.slice_images": 10,
    "ingestion.slice_files": 10,
    "reduction.k": 20,
    "reduction.map.points": 50,
    "classification.logistic_regression.max_iter": 20,
}
"""Several slices and little else to do."""

DIE = """
import os, signal, sys

# The first Python process of a run is its driver; the JVM and the workers inherit the number.
driver = int(os.environ.setdefault("FAULT_DRIVER", str(os.getpid())))
wanted, text = os.environ["FAULT_AT"].split(" ", 1)


def end(event, arguments):
    if event == wanted and any(text in str(value) for value in arguments[:2]):
        os.kill(driver, signal.SIGKILL)


sys.addaudithook(end)
"""
"""A ``sitecustomize`` that kills the driver right before a process of the run does something.

Audit events name what Python is about to do: ``open``, ``os.rename``, ``os.remove``. So the moment
is exact, however busy the machine is.
"""


def wait_until(condition: Callable[[], Any], seconds: float) -> bool:
    """Whether ``condition`` came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def processes_with(mark: str) -> dict[int, str]:
    """Command lines of living processes that have ``mark`` in their environment, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().decode()
        except OSError:  # it ended while it was looked at
            continue
    return {pid: line.replace("\0", " ").strip() for pid, line in found.items() if line}


def parent_of(pid: int) -> int:
    """The pid of the parent, 0 where the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def with_site(folder: Path, code: str) -> dict[str, str]:
    """Environment in which every Python process of a run executes ``code`` when it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path.rstrip(os.pathsep)}


def _take_terminal() -> None:
    """Make standard input the controlling terminal of this session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Run:
    """A ``kedro`` command as a process; every process it starts inherits its mark.

    Args:
        log: Where its output goes.
        words: Of the command, behind ``kedro``.
        environment: Variables to set.
        terminal: Give it a terminal of its own, so that Ctrl-C can be typed.
    """

    def __init__(
        self, log: Path, words: list[str], environment: dict[str, str], terminal: bool
    ) -> None:
        self.mark = f"fruits-fault-{uuid.uuid4().hex}"
        self._log = log
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("FRUITS_", "KEDRO_"))}
        quiet = {"DO_NOT_TRACK": "1", "FRUITS_TRACKING": "off"}
        self._terminal, inner = pty.openpty()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(BIN / "kedro"), *words],
                cwd=ROOT,
                env={**outer, **quiet, "FAULT_MARK": self.mark, **environment},
                stdin=inner if terminal else subprocess.DEVNULL,
                stdout=inner if terminal else output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The threads of this process hold nothing that the child needs.
                preexec_fn=_take_terminal if terminal else None,  # noqa: PLW1509
            )
        os.close(inner)
        self.pid = self.process.pid
        if terminal:
            threading.Thread(target=self._record, daemon=True).start()

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        return self._log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 300) -> None:
        """Wait for a moment of the run, which must come before its end."""
        ended = lambda: self.process.poll() is not None  # noqa: E731
        wait_until(lambda: ended() or condition(), seconds)
        assert condition(), f"never came: {what}\n{self.output}"

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has printed a line."""
        self.wait_for(lambda: re.search(pattern, self.output), pattern)

    def type_ctrl_c(self) -> None:
        """Type it on the terminal, which sends SIGINT to every process of the foreground group."""
        os.write(self._terminal, b"\x03")

    def terminate(self) -> None:
        """SIGTERM for the driver."""
        os.kill(self.pid, signal.SIGTERM)

    def processes(self) -> dict[int, str]:
        """It and all its descendants, orphans included."""
        return processes_with(self.mark)

    def workers(self) -> list[int]:
        """Python workers: the children of PySpark's daemon."""
        daemons = {pid for pid, line in self.processes().items() if "pyspark.daemon" in line}
        return [pid for pid in daemons if parent_of(pid) in daemons]

    def kill(self) -> None:
        """SIGKILL the driver, and wait until nothing of it is left."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait_for_nothing()

    def wait_for_nothing(self, seconds: float = 30) -> None:
        """Wait until neither the driver nor any other process of the run is left."""
        self.process.wait(seconds)
        assert wait_until(lambda: not self.processes(), seconds), self.processes()

    def end(self, seconds: float = 600) -> int:
        """Wait for the end and give the exit code."""
        return self.process.wait(seconds)

    def clean_up(self) -> None:
        """End whatever is left."""
        for pid in [*self.processes(), *([self.pid] if self.process.poll() is None else [])]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(30)
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1

    def sentence(self) -> str:
        """The one sentence of a run that failed as a user is meant to see it."""
        code = self.end()
        assert code == 1, (code, self.output)
        assert "Traceback" not in self.output, self.output[-3000:]
        assert not re.search(r"^\s+at \S+\(", self.output, re.M), self.output[:3000]
        sentences = re.findall(r"^Error: (.+)$", self.output, re.M)
        assert len(sentences) == 1, self.output
        return str(sentences[0])

    def _record(self) -> None:
        with self._log.open("wb", buffering=0) as output:
            while True:
                try:
                    output.write(os.read(self._terminal, 65536))
                except OSError:  # the last process has closed it
                    return


class Runner:
    """Starts runs on one folder of photographs and ends what is left of them.

    Args:
        folder: Where logs go.
        images: Photographs of runs that name no others.
    """

    def __init__(self, folder: Path, images: Path) -> None:
        self.images = images
        self._folder = folder
        self._runs: list[Run] = []
        # A shell's background job ignores SIGINT, and its children would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(
        self,
        storage: Path,
        *pipelines: str,
        conf: Path | None = None,
        environment: dict[str, str] | None = None,
        images: Path | None = None,
        terminal: bool = False,
        **parameters: Any,
    ) -> Run:
        """``kedro run`` with small slices."""
        values = {**SMALL, "images": images or self.images, "storage": storage}
        values |= {name.replace("__", "."): value for name, value in parameters.items()}
        words = ["run", "--params=" + ",".join(f"{k}={v}" for k, v in values.items())]
        words += [f"--pipelines={','.join(pipelines)}"] if pipelines else []
        words += [f"--conf-source={conf}"] if conf else []
        return self.command(*words, environment=environment, terminal=terminal)

    def command(
        self, *words: str, environment: dict[str, str] | None = None, terminal: bool = False
    ) -> Run:
        """Any ``kedro`` command in the project."""
        log = self._folder / f"{len(self._runs):03d}.log"
        self._runs.append(Run(log, list(words), environment or {}, terminal))
        return self._runs[-1]

    def complete(self, storage: Path, *pipelines: str, **options: Any) -> Run:
        """A run that must succeed."""
        run = self.start(storage, *pipelines, **options)
        assert run.end() == 0, run.output
        return run

    def die_at(self, event: str, storage: Path, *pipelines: str, **options: Any) -> Run:
        """A run whose driver is killed by SIGKILL right before an audit event.

        Args:
            event: Its name, a space, and a part of what it is about.
            storage: Of the run.
            pipelines: To run.
            options: As ``start`` takes them.
        """
        environment = with_site(self._folder / "die", DIE) | {"FAULT_AT": event}
        run = self.start(storage, *pipelines, environment=environment, **options)
        assert run.end() == -signal.SIGKILL, f"{event} never came\n{run.output}"
        run.wait_for_nothing()
        return run

    def clean_up(self) -> None:
        """End every process of every run."""
        for run in self._runs:
            run.clean_up()
