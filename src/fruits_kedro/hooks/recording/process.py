"""The process that records a run, as the run sees it."""

import json
import os
import subprocess
import sys
from typing import Any

WRITER = "fruits_kedro.hooks.recording.writer"

SECONDS_TO_WRITE = 300
"""Time to record a run, from its end: a report of 10 MB over a slow line takes minutes."""

_PATIENCE = {
    # MLflow's own are 7 tries and 120 s each: half an hour for a server that is away.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    # Else its page starts seven processes of 250 MB for evaluations that nobody asks for.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class NotRecordedError(Exception):
    """A run could not be recorded; says why."""


class Writer:
    """A process that has MLflow ready by the end of the run.

    Args:
        where: ``mlflow`` (kedro-mlflow's configuration) and ``project``; they travel by a pipe,
            because a command line is for everybody to read.
    """

    def __init__(self, where: dict[str, Any]) -> None:
        # This interpreter with a module of this package; nothing varies, and there is no shell.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", WRITER],
            env=mlflow_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C ends the run; this one ends with it, without a stack trace of its own.
            start_new_session=True,
        )
        self._send(where)

    def write(self, run: dict[str, Any]) -> None:
        """Record the run.

        Raises:
            NotRecordedError: Where that did not succeed.
        """
        try:
            _, told = self._process.communicate(json.dumps(run) + "\n", timeout=SECONDS_TO_WRITE)
        except subprocess.TimeoutExpired as error:
            self.stop()
            raise NotRecordedError(f"it took more than {SECONDS_TO_WRITE} s") from error
        if self._process.returncode != 0:
            lines = told.strip().splitlines()
            raise NotRecordedError(lines[-1] if lines else "it gave no reason")

    def stop(self) -> None:
        """Record nothing, where nothing is recorded yet."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def _send(self, where: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(json.dumps(where) + "\n")
        self._process.stdin.flush()


def mlflow_environment() -> dict[str, str]:
    """This process's environment, with MLflow told to be quick and quiet where a user did not."""
    return {**_PATIENCE, **_QUIET, **os.environ}
