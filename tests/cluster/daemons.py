"""Processes of a cluster: each with a home of its own, none of them outliving the tests."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from faults.processes import processes_with, wait_until

_OF_THE_DRIVER = ("AWS_", "FRUITS_", "KEDRO_")


def cache_folder() -> Path:
    """Where programs that are fetched once stay: ``fruits-kedro`` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fruits-kedro"


@contextmanager
def daemon(
    home: Path, words: Sequence[str], environment: dict[str, str], hidden: Sequence[Path] = ()
) -> Iterator[None]:
    """A process that ends with the block.

    Args:
        home: Its working directory and home, with its log.
        words: Program and arguments.
        environment: Variables beside those of this process that are not the driver's.
        hidden: Folders that are empty for it.
    """
    for name in ("local", "tmp"):
        (home / name).mkdir(parents=True, exist_ok=True)
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "SPARK_LOCAL_DIRS": str(home / "local")}
    outer = {k: v for k, v in os.environ.items() if not k.startswith(_OF_THE_DRIVER)}
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
