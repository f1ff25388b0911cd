"""A standalone Spark cluster on loopback: a master and workers, each a process of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pyspark
from cluster.daemons import daemon, end_processes, free_port, is_listening, json_at
from faults.processes import has_engine, processes_with, wait_until

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
DEPLOY = "org.apache.spark.deploy"
WORKERS = 2


@dataclass(frozen=True)
class Standalone:
    """A running cluster; ``mark`` is in the environment of every process of it.

    ``hides`` says whether the workers cannot see the folders of the driver.
    """

    url: str
    mark: str
    hides: bool

    def executors(self) -> list[int]:
        """Processes that compute for a run."""
        found = processes_with(self.mark)
        return [pid for pid, line in found.items() if "CoarseGrainedExecutorBackend" in line]

    def busy_executor(self) -> int | None:
        """An executor of which a Python worker has loaded the inference engine."""
        busy = [pid for pid in processes_with(self.mark) if has_engine(pid)]
        with suppress(psutil.NoSuchProcess):
            parents = {parent.pid for pid in busy for parent in psutil.Process(pid).parents()}
            return next((pid for pid in self.executors() if pid in parents), None)
        return None


@contextmanager
def standalone(
    folder: Path, environment: dict[str, str], hidden: list[Path]
) -> Iterator[Standalone]:
    """A master and two workers with one core each, which end with the block.

    The workers have an environment (where S3 is, and who they are there) and do not see hidden
    folders, if this user may hide them.
    """
    mark = f"fruits-cluster-{folder.name}-{os.getpid()}"
    port, pages = free_port(), free_port()
    hides = _can_hide()
    base = {"CLUSTER_MARK": mark, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    where = ["--host", "127.0.0.1", "--webui-port"]
    master = [str(SPARK_CLASS), f"{DEPLOY}.master.Master", *where, str(pages), "--port", str(port)]
    worker = [str(SPARK_CLASS), f"{DEPLOY}.worker.Worker", *where, "0"]
    worker += ["--cores", "1", "--memory", "3g", f"spark://127.0.0.1:{port}", "--work-dir"]
    with ExitStack() as stack:
        stack.enter_context(daemon(folder / "master", master, base))
        assert wait_until(lambda: is_listening(port), 90), "the master does not answer"
        for number in range(WORKERS):
            home = folder / f"worker-{number}"
            words = [*worker, str(home / "work")]
            stack.enter_context(daemon(home, words, base | environment, hidden if hides else ()))
        alive = partial(json_at, pages, "json/", "aliveworkers")
        assert wait_until(lambda: alive() == WORKERS, 90), "the workers do not register"
        yield Standalone(f"spark://127.0.0.1:{port}", mark, hides)
    end_processes(mark)


def _can_hide() -> bool:
    """Whether this user may give a process a view of its own of the file system."""
    words = ["unshare", "--mount", "true"]
    return bool(shutil.which("unshare")) and not subprocess.run(words, check=False).returncode
