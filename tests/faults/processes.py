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
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from runs import BIN, ROOT, variables

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


def parameters(images: Any, storage: Any, others: dict[str, Any]) -> str:
    """``--params`` of a small run; the others' names have ``__`` instead of a dot."""
    named = {name.replace("__", "."): value for name, value in others.items()}
    values = {**SMALL, "images": images, "storage": storage, **named}
    return "--params=" + ",".join(f"{name}={value}" for name, value in values.items())


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
    return {
        process.pid: " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["environ", "cmdline"])
        if process.info["cmdline"] and mark in (process.info["environ"] or {}).values()
    }


def has_engine(pid: int) -> bool:
    """Whether a process has loaded the inference engine, as a worker does when its task begins."""
    try:
        return "ai_edge_litert" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def with_site(folder: Path, code: str) -> dict[str, str]:
    """Environment in which every Python process of a run executes ``code`` when it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path.rstrip(os.pathsep)}


class Run:
    """A ``kedro`` command as a process; every process it starts inherits its mark.

    In a terminal of its own, Ctrl-C can be typed.
    """

    def __init__(
        self, log: Path, words: list[str], environment: dict[str, str], terminal: bool
    ) -> None:
        self._mark = f"fruits-fault-{uuid.uuid4().hex}"
        self._log = log
        self._terminal, inner = pty.openpty()
        self._recorder = threading.Thread(target=self._record, daemon=True)
        take_terminal = partial(fcntl.ioctl, 0, termios.TIOCSCTTY, 0)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(BIN / "kedro"), *words],
                cwd=ROOT,
                env=variables(FAULT_MARK=self._mark, **environment),
                stdin=inner if terminal else subprocess.DEVNULL,
                stdout=inner if terminal else output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The threads of this process hold nothing that the child needs.
                preexec_fn=take_terminal if terminal else None,  # noqa: PLW1509
            )
        os.close(inner)
        self.pid = self.process.pid
        if terminal:
            self._recorder.start()

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        return self._log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 300) -> None:
        """Wait for a moment of the run, which must come before its end."""
        wait_until(lambda: self.process.poll() is not None or condition(), seconds)
        assert condition(), f"never came: {what}\n{self.output}"

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has printed a line."""
        self.wait_for(lambda: re.search(pattern, self.output), pattern)

    def type_ctrl_c(self) -> None:
        """Type it on the terminal, which sends SIGINT to every process of the foreground group."""
        os.write(self._terminal, b"\x03")

    def processes(self) -> dict[int, str]:
        """It and all its descendants, orphans included."""
        return processes_with(self._mark)

    def wait_for_nothing(self, seconds: float = 30) -> None:
        """Wait until neither the driver nor any other process of the run is left."""
        self.process.wait(seconds)
        assert wait_until(lambda: not self.processes(), seconds), self.processes()
        if self._recorder.is_alive():
            self._recorder.join(seconds)

    def end(self, seconds: float = 900) -> int:
        """Wait for the end and give the exit code."""
        return self.process.wait(seconds)

    def clean_up(self) -> None:
        """End whatever is left."""
        self.process.kill()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        os.close(self._terminal)

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
    """Starts runs on one folder of photographs, logs to another, and ends what is left of them."""

    def __init__(self, folder: Path, images: Path) -> None:
        self._images = images
        self._folder = folder
        self._runs: list[Run] = []
        # A shell's background job ignores SIGINT, and its children would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(
        self,
        storage: Path | str,
        *pipelines: str,
        words: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        images: Path | str | None = None,
        terminal: bool = False,
        **others: Any,
    ) -> Run:
        """``kedro run`` with small slices."""
        given = parameters(images or self._images, storage, others)
        chosen = [f"--pipelines={','.join(pipelines)}"] if pipelines else []
        options = {"environment": environment, "terminal": terminal}
        return self.command("run", given, *chosen, *words, **options)

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

    def die_at(self, event: str, storage: Path, **options: Any) -> None:
        """A run whose driver is killed right before an audit event, like ``open /images/``.

        ``line [0-9]+ files`` kills it when it has printed such a line.
        """
        kind, pattern = event.split(" ", 1)
        if kind == "line":
            run = self.start(storage, **options)
            run.wait_for_line(pattern)
            os.kill(run.pid, signal.SIGKILL)
        else:
            environment = with_site(self._folder / "die", DIE) | {"FAULT_AT": event}
            run = self.start(storage, environment=environment, **options)
        assert run.end() == -signal.SIGKILL, f"{event} never came\n{run.output}"
        run.wait_for_nothing()

    def clean_up(self) -> None:
        """End every process of every run."""
        for run in self._runs:
            run.clean_up()
