"""Running the project as a user does, on small folders of real photographs.

Runs in this process share the test session's JVM; the command line is for what only it can show.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
PIPELINES = (
    *("__default__", "app", "classification", "evaluation", "featurization", "inference"),
    *("ingestion", "reduction", "reporting"),
)
LABELS = ("Apple", "Banana", "Corn", "Kiwi", "Pear", "Tomato")
TRAIN_NAMES = tuple(f"{axis}{n}_100.jpg" for axis in ("", "r_") for n in range(3))
ONE_AXIS = "Tomato"
"""The label whose photographs are all of one rotation axis."""
TEST_COUNT = 2
BIN = Path(sys.executable).parent
WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from kedro.framework.cli import main
main()
"""
"""The command ``kedro``, in a Python that fails to import TensorFlow."""


@dataclass(frozen=True)
class Job:
    """A folder of photographs and a storage of their own.

    ``log`` is what the command that made the storage printed.
    """

    images: Path
    storage: Path
    log: str = ""

    @property
    def options(self) -> str:
        """Photographs and storage, for a command line."""
        return f"--params=images={self.images},storage={self.storage}"

    def run(self, *pipelines: str, **parameters: Any) -> None:
        """Run pipelines, the default ones where none is named, in this process."""
        with self._session(parameters) as session:
            session.run(pipeline_names=list(pipelines) or None)

    def catalog(self) -> Any:
        """The catalog on this storage, made once: datasets look at the storage at every load."""
        return self._catalog

    @cached_property
    def _catalog(self) -> Any:
        with self._session({}) as session:
            return session.load_context().catalog

    def load(self, name: str) -> Any:
        """One dataset."""
        return self.catalog().load(name)

    def rows(self, name: str, *columns: str) -> list[dict[str, Any]]:
        """The rows of a table, in the order of their paths."""
        table = self.load(name).read(columns or None)
        ordered = table.sort_by("path") if "path" in table.schema.names else table
        return ordered.to_pylist()

    def report(self, name: str) -> Any:
        """A JSON file of 08_reporting, as any tool reads it."""
        return json.loads((self.storage / "08_reporting" / f"{name}.json").read_text())

    def files(self, folder: str | Path) -> list[str]:
        """Names of the files of a table or artefact."""
        return sorted(path.name for path in (self.storage / folder).iterdir())

    def fork(self, folder: Path) -> "Job":
        """The same photographs with a copy of the storage."""
        storage = folder / "storage"
        shutil.copytree(self.storage, storage)
        return replace(self, storage=storage)

    def path(self, relative: str) -> str:
        """How a photograph is called in the tables."""
        return str(self.images / relative)

    def _session(self, parameters: dict[str, Any]) -> KedroSession:
        bootstrap_project(ROOT)
        values = {"images": str(self.images), "storage": str(self.storage), **parameters}
        return KedroSession.create(ROOT, runtime_params=values)


def registered_pipelines() -> dict[str, Pipeline]:
    """Every pipeline: after a run of some, Kedro knows only those in this process."""
    bootstrap_project(ROOT)
    return dict(pipelines.items())


def copy_photos(relative_paths: Iterable[str], images: Path) -> None:
    """Copy photographs of the sample to the same places below ``images``."""
    for relative in relative_paths:
        target = images / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLE / relative, target)


def sample_names(split: str, label: str) -> list[str]:
    """File names of one folder of the sample, in order."""
    return sorted(path.name for path in (SAMPLE / split / label).glob("*.jpg"))


def train_and_test() -> list[str]:
    """Six train photographs and two test photographs per label, most of two rotation axes."""
    one_axis = [f"{n}_100.jpg" for n in range(len(TRAIN_NAMES))]
    train = {label: one_axis if label == ONE_AXIS else TRAIN_NAMES for label in LABELS}
    test = {label: sample_names("Test", label)[:TEST_COUNT] for label in LABELS}
    return [
        f"{split}/{label}/{name}"
        for split, names in (("Training", train), ("Test", test))
        for label in LABELS
        for name in names[label]
    ]


def new_job(folder: Path) -> Job:
    """An empty job."""
    job = Job(folder / "images", folder / "storage")
    job.images.mkdir(parents=True)
    return job


def add_bad_files(folder: Path) -> None:
    """Three files that are no photographs, a PNG that is called .jpg, and a note."""
    photo = SAMPLE / "Training" / "Apple" / "5_100.jpg"
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("a letter")
    (folder / "truncated.jpg").write_bytes(photo.read_bytes()[: photo.stat().st_size // 2])
    (folder / "notes.txt").write_text("not a photograph")
    with Image.open(photo.with_name("6_100.jpg")) as image:
        image.save(folder / "misnamed.jpg", "PNG")


@cache
def whole_run(base: Path) -> Job:
    """The default run by its command, where there is no TensorFlow: six labels, a few bad files.

    One per ``base``, the temporary folder of the test session. Do not change it.
    """
    job = new_job(base / "whole")
    copy_photos(train_and_test(), job.images)
    add_bad_files(job.images / "Training" / "Apple")
    return replace(job, log=output(ROOT, "python", "-c", WITHOUT_TENSORFLOW, "run", job.options))


def copy_project(folder: Path) -> Path:
    """What of the project is under version control or will be, without photographs."""
    words = "git ls-files -z --cached --others --exclude-standard --"
    parts = "src conf pyproject.toml README.md LICENSE"
    listed = subprocess.check_output([*words.split(), *parts.split()], cwd=ROOT, text=True)
    copy = folder / "project"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    return copy


def variables(**own: str | None) -> dict[str, str]:
    """The environment of a program: without this process's project; one that is None is not set."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("FRUITS_", "KEDRO_"))}
    wanted = {**outer, "DO_NOT_TRACK": "1", "FRUITS_TRACKING": "off", **own}
    return {name: value for name, value in wanted.items() if value is not None}


def command(
    project: Path, *words: str, **environment: str | None
) -> "subprocess.CompletedProcess[str]":
    """Run a program of this Python in a project's folder, to its end."""
    return subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        cwd=project,
        env=variables(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def output(project: Path, *words: str, **environment: str | None) -> str:
    """What a command that succeeds prints."""
    result = command(project, *words, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    return result.stdout + result.stderr
