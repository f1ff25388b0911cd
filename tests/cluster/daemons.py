"""Processes of a cluster: each with a home of its own, none of them outliving the tests."""

import json
import operator
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from pathlib import Path
from typing import Any

from faults.processes import processes_with, wait_until


def cache_folder() -> Path:
    """Where programs that are fetched once stay: ``fruits-kedro`` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fruits-kedro"


def free_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether something answers at a port of loopback."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def json_at(port: int, path: str, *keys: str) -> Any:
    """The value at nested keys of a page of loopback, None before the page answers."""
    url = f"http://127.0.0.1:{port}/{path}"
    with suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=5) as answer:
        return reduce(operator.getitem, keys, json.load(answer))
    return None


@contextmanager
def daemon(
    home: Path, words: Sequence[str], environment: dict[str, str], hidden: Sequence[Path] = ()
) -> Iterator[None]:
    """A process with a home and log of its own that ends with the block.

    It has none of the variables that are the driver's, and sees ``hidden`` folders as empty ones.
    """
    for name in ("local", "tmp"):
        (home / name).mkdir(parents=True, exist_ok=True)
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "SPARK_LOCAL_DIRS": str(home / "local")}
    drivers = ("AWS_", "FRUITS_", "KEDRO_")
    outer = {k: v for k, v in os.environ.items() if not k.startswith(drivers)}
    command = list(words)
    if hidden:
        covered = " && ".join(f"mount -t tmpfs none '{path}'" for path in hidden)
        command = ["unshare", "--mount", "sh", "-c", f'{covered} && exec "$@"', "sh", *command]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=outer | own | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        time.sleep(0.5)
        assert process.poll() is None, (home / "log").read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def end_processes(mark: str) -> None:
    """End what is left of a cluster, whose every process has ``mark`` in its environment."""
    wait_until(lambda: not processes_with(mark), 10)
    for pid in processes_with(mark):
        os.kill(pid, signal.SIGKILL)
