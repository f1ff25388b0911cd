"""Real runs as processes: started, watched, hit, and looked at afterwards without a JVM."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as pads
from runs import BIN, ROOT, copy_photos, sample_names

LABELS = ("Apple", "Banana", "Corn", "Kiwi", "Pear", "Tomato", "Lemon", "Mango")
PHOTOS = [
    f"{split}/{label}/{name}"
    for split, count in (("Training", 12), ("Test", 4))
    for label in LABELS
    for name in sample_names(split, label)[:count]
]
SMALL = {
    "featurization.slice_images": 25,
    "ingestion.slice_files": 50,
    "reduction.k": 20,
    "reduction.map.points": 50,
    "classification.logistic_regression.max_iter": 20,
}
IMAGES, FEATURES = "02_intermediate/images", "04_feature/features"
REDUCED, PREDICTIONS = "05_model_input/reduced_features", "07_model_output/predictions"
TABLES = (IMAGES, "02_intermediate/photographs", FEATURES, "05_model_input/splits", REDUCED)
TABLES += (PREDICTIONS, "06_models/backbone", "06_models/reducer", "06_models/classifier")
QUICK = {
    "DO_NOT_TRACK": "1",
    "FRUITS_TRACKING": "off",
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
}
"""Many short runs: Java's optimizing compiler would take longer than what it saves."""
STOP_SECONDS = 10
"""An interrupted run is gone within so many seconds, says the issue."""


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


class Run:
    """A ``kedro`` command as a process; every process it starts inherits its mark."""

    def __init__(
        self, log: Path, words: list[str], project: Path, environment: dict[str, str]
    ) -> None:
        self.mark = f"fruits-fault-{uuid.uuid4().hex}"
        self._log = log
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("FRUITS_", "KEDRO_"))}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(BIN / "kedro"), *words],
                cwd=project,
                env={**outer, **QUICK, "FAULT_MARK": self.mark, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        return self._log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 600) -> None:
        """Wait for a moment of the run, which must come before its end."""
        ended = lambda: self.process.poll() is not None  # noqa: E731
        wait_until(lambda: ended() or condition(), seconds)
        assert condition(), f"never came: {what}\n{self.output}"

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has printed a line."""
        self.wait_for(lambda: re.search(pattern, self.output), pattern)

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
        self.process.wait(30)
        assert wait_until(lambda: not self.processes(), 30), self.processes()

    def end(self, seconds: float = 900) -> int:
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

    def sentence(self) -> str:
        """The one sentence of a run that failed as a user is meant to see it."""
        code = self.end()
        assert code == 1, (code, self.output)
        assert "Traceback" not in self.output, self.output[-3000:]
        assert not re.search(r"^\s+at \S+\(", self.output, re.M), self.output[:3000]
        sentences = re.findall(r"^Error: (.+)$", self.output, re.M)
        assert len(sentences) == 1, self.output
        return str(sentences[0])


class Runner:
    """Starts runs on one folder of photographs and ends what is left of them."""

    def __init__(self, logs: Path, images: Path) -> None:
        self.images = images
        self._logs = logs
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
        **parameters: Any,
    ) -> Run:
        """``kedro run`` with small slices."""
        values = {**SMALL, "images": images or self.images, "storage": storage}
        values |= {name.replace("__", "."): value for name, value in parameters.items()}
        words = ["run", "--params=" + ",".join(f"{k}={v}" for k, v in values.items())]
        words += [f"--pipelines={','.join(pipelines)}"] if pipelines else []
        words += [f"--conf-source={conf}"] if conf else []
        return self.command(*words, environment=environment)

    def command(self, *words: str, environment: dict[str, str] | None = None) -> Run:
        """Any ``kedro`` command in the project."""
        log = self._logs / f"{len(self._runs):03d}.log"
        self._runs.append(Run(log, list(words), ROOT, environment or {}))
        return self._runs[-1]

    def complete(self, storage: Path, *pipelines: str, **options: Any) -> Run:
        """A run that must succeed."""
        run = self.start(storage, *pipelines, **options)
        assert run.end() == 0, run.output
        return run

    def clean_up(self) -> None:
        """End every process of every run."""
        for run in self._runs:
            run.clean_up()


# --- what lies in a storage ----------------------------------------------------------------------


def copy_images(folder: Path) -> Path:
    """The small set of photographs."""
    copy_photos(PHOTOS, folder)
    return folder


def copy_storage(storage: Path, to: Path, *layers: str) -> Path:
    """A copy of a storage, of all of it or of some of its folders."""
    if not layers:
        shutil.copytree(storage, to)
    for layer in layers:
        shutil.copytree(storage / layer, to / layer)
    return to


def pointer(storage: Path, table: str) -> dict[str, Any]:
    """The present snapshot of a table, as stored; without rows where there is none."""
    path = storage / table / "_current.json"
    found: dict[str, Any] = {"rows": 0, "parts": []}
    return json.loads(path.read_text()) if path.exists() else found


def parts(storage: Path, table: str) -> list[Path]:
    """Folders of the present snapshot."""
    return [storage / table / part["name"] for part in pointer(storage, table)["parts"]]


def data_files(storage: Path, table: str) -> list[Path]:
    """Files with rows of the present snapshot."""
    return [file for part in parts(storage, table) for file in sorted(part.glob("*.parquet"))]


def is_writing(storage: Path, table: str) -> bool:
    """Whether Spark is writing rows of a part that is not committed."""
    return any((storage / table).glob("part-*/_temporary/0/_temporary/*/*.parquet"))


def rows(storage: Path, table: str, *columns: str) -> Iterator[dict[str, Any]]:
    """Rows of a table, read as any tool would."""
    for part in parts(storage, table):
        yield from pads.dataset(part, format="parquet").to_table(columns=list(columns)).to_pylist()


def features(storage: Path, fingerprint: str | None = None) -> dict[str, bytes | str]:
    """The bytes of the features, or the reason why there are none, by sha256."""
    found: dict[str, bytes | str] = {}
    for row in rows(storage, FEATURES, "sha256", "fingerprint", "features", "reason"):
        if fingerprint not in (None, row["fingerprint"]):
            continue
        assert row["sha256"] not in found, "the same features twice"
        vector = row["features"]
        found[row["sha256"]] = (
            row["reason"] if vector is None else np.array(vector, np.float32).tobytes()
        )
    return found


def reduced(storage: Path) -> dict[str, list[float]]:
    """Components by path."""
    return {row["path"]: row["components"] for row in rows(storage, REDUCED, "path", "components")}


def report(storage: Path, name: str) -> Any:
    """A JSON file of 08_reporting."""
    return json.loads((storage / "08_reporting" / f"{name}.json").read_text())


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Keys that only one of them has, or with different values."""
    keys = found.keys() | expected.keys()
    return sorted(k for k in keys if k not in found or found[k] != expected.get(k))


def assert_same_features(storage: Path, reference: Path) -> None:
    """Bit by bit."""
    assert differences(features(storage), features(reference)) == []


def assert_same_results(storage: Path, reference: Path) -> None:
    """Features bit by bit; components and metrics within 1e-6."""
    assert_same_features(storage, reference)
    found, expected = reduced(storage), reduced(reference)
    assert found.keys() == expected.keys()
    paths = sorted(expected)
    np.testing.assert_allclose(
        [found[path] for path in paths],
        [expected[path] for path in paths],
        rtol=1e-6,
        atol=1e-6,
    )
    assert_same_metrics(report(storage, "metrics"), report(reference, "metrics"))


def assert_same_metrics(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """All but what a run that goes on does less of."""
    effort = ("photographs_read", "inferences")
    flat, other = _flatten(found), _flatten(expected)
    assert flat.keys() == other.keys()
    for name, value in other.items():
        if name in effort:
            continue
        if isinstance(value, float):
            assert abs(flat[name] - value) <= 1e-6, name
        else:
            assert flat[name] == value, name


def _flatten(tree: Any, name: str = "") -> dict[str, Any]:
    if isinstance(tree, dict):
        items = [(f"{name}.{key}".lstrip("."), value) for key, value in tree.items()]
        return {k: v for key, value in items for k, v in _flatten(value, key).items()}
    return {name: tree}


def leftovers(storage: Path) -> list[str]:
    """Parts no manifest names, and unfinished files."""
    found = [path for path in storage.rglob(".*.tmp") if path.is_file()]
    for table in TABLES:
        manifests = (storage / table / "_snapshots").glob("*.json")
        snapshots = [json.loads(path.read_text()) for path in manifests]
        snapshots.append(pointer(storage, table))
        named = {part["name"] for snapshot in snapshots for part in snapshot["parts"]}
        found += [path for path in (storage / table).glob("part-*") if path.name not in named]
    return sorted(str(path.relative_to(storage)) for path in found)
