"""A standalone Spark cluster on loopback: a master and workers, each a process of its own."""

import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark
from cluster.daemons import daemon, end_processes
from cluster.s3_server import free_port, is_listening
from faults.processes import processes_with, wait_until

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"


@dataclass(frozen=True)
class Standalone:
    """A running cluster.

    Attributes:
        url: Of the master.
        mark: In the environment of every process of the cluster.
        hides: Whether the workers cannot see the folders of the driver.
    """

    url: str
    mark: str
    hides: bool

    def executors(self) -> list[int]:
        """Processes that compute for a run."""
        return [
            pid
            for pid, line in processes_with(self.mark).items()
            if "CoarseGrainedExecutorBackend" in line
        ]

    def kill_one_executor(self) -> int:
        """End an executor as a machine that goes away does."""
        pid = self.executors()[0]
        os.kill(pid, signal.SIGKILL)
        return pid


@contextmanager
def standalone(
    folder: Path, environment: dict[str, str], hidden: list[Path], workers: int = 2
) -> Iterator[Standalone]:
    """A master and workers with one core each, which end with the block.

    Args:
        folder: Each worker has its own work folder and home in it.
        environment: Variables of every worker: where S3 is, and who they are there.
        hidden: Folders of the driver that the workers must not see.
        workers: How many.
    """
    mark = f"fruits-cluster-{folder.name}-{os.getpid()}"
    port, pages = free_port(), free_port()
    hides = _can_hide()
    base = {"CLUSTER_MARK": mark, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    with ExitStack() as stack:
        master = [
            str(SPARK_CLASS),
            MASTER,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--webui-port",
            str(pages),
        ]
        stack.enter_context(daemon(folder / "master", master, base))
        assert wait_until(lambda: is_listening(port), 90), "the master does not answer"
        url = f"spark://127.0.0.1:{port}"
        for number in range(workers):
            home = folder / f"worker-{number}"
            words = [
                str(SPARK_CLASS),
                WORKER,
                "--host",
                "127.0.0.1",
                "--cores",
                "1",
                "--memory",
                "3g",
            ]
            words += ["--webui-port", str(free_port()), "--work-dir", str(home / "work"), url]
            stack.enter_context(daemon(home, words, base | environment, hidden if hides else ()))
        assert wait_until(lambda: _alive(pages) == workers, 90), "the workers do not register"
        yield Standalone(url, mark, hides)
    end_processes(mark)


def _alive(pages: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{pages}/json/", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    return int(text.split('"aliveworkers" :', 1)[1].split(",", 1)[0])


def _can_hide() -> bool:
    """Whether this user may give a process a view of its own of the file system."""
    if shutil.which("unshare") is None:
        return False
    words = ["unshare", "--mount", "true"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
