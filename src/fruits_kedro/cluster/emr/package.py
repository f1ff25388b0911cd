"""What a cluster is given: the project, its configuration, its packages, all with checksums.

``project/`` holds the wheel, the configuration and the file that spark-submit starts;
``environment-<architecture>/`` the packages of the lock file, as wheels for EMR on EC2 and unpacked
in one archive for EMR Serverless and any other YARN. Each is named by its content, so that what a
bucket has already is not sent again.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fruits_kedro import FruitsError, __version__
from fruits_kedro.cluster.emr.archives import write_configuration, write_environment
from fruits_kedro.cluster.emr.converted import backbone_for_cluster
from fruits_kedro.cluster.emr.entry import MAIN_FILE
from fruits_kedro.cluster.emr.pins import LOCK, read_pins
from fruits_kedro.cluster.emr.project_wheel import build_wheel
from fruits_kedro.cluster.emr.target import PYTHON, Target
from fruits_kedro.cluster.emr.wheels import download_command, download_wheels, file_sha256

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
PROJECT = "project"
CONFIGURATION = "conf-fruits_kedro.tar.gz"
MAIN = "run.py"
PYTHON_FILES = "fruits_kedro.zip"
"""The wheel again: by another ending PySpark does not know a file of Python code."""
ENVIRONMENT = "environment.tar.gz"
REQUIREMENTS = "requirements.txt"
BOOTSTRAP = "bootstrap.sh"


@dataclass(frozen=True)
class Package:
    """A package on this machine.

    Attributes:
        folder: Where it is.
        files: sha256 and size in bytes of every file, by its path below the folder.
    """

    folder: Path
    files: Mapping[str, Mapping[str, Any]]

    def names(self, folder: str) -> list[str]:
        """The files of one of the package's folders."""
        return sorted(name for name in self.files if name.startswith(f"{folder}/"))

    def identity(self, folder: str) -> str:
        """16 hexadecimal digits of the content of one of the package's folders."""
        known = [(name, self.files[name]["sha256"]) for name in self.names(folder)]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]

    @property
    def wheel(self) -> str:
        """File name of the project's wheel."""
        [name] = [n for n in self.names(PROJECT) if n.endswith(".whl")]
        return name.removeprefix(f"{PROJECT}/")

    @property
    def targets(self) -> list[Target]:
        """What it was made for."""
        folders = {name.split("/")[0] for name in self.files} - {PROJECT}
        return [Target(folder.removeprefix("environment-")) for folder in sorted(folders)]


def make_package(project: Path, folder: Path, targets: Sequence[Target]) -> Package:
    """Write a package; the same sources give the same bytes, and what is there already is kept.

    Args:
        project: Root of the project.
        folder: Where the package goes.
        targets: The machines it is for.

    Raises:
        FruitsError: Where a part of it cannot be made.
    """
    pins = {target: read_pins(project / LOCK, target) for target in targets}
    before = _read_manifest(folder)
    for target, wanted in pins.items():
        place = folder / target.folder
        requirements = download_wheels(wanted, target, place / "wheels")
        _write_packages(place, requirements, before, target)
        shutil.copyfile(project / "infra" / BOOTSTRAP, place / BOOTSTRAP)
    _write_project(project, folder)
    package = Package(folder, _describe(folder, targets))
    content = {"version": __version__, "python": PYTHON, "files": package.files}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    return package


def read_package(folder: Path) -> Package:
    """The package in ``folder``, every file held to its checksum.

    Raises:
        FruitsError: Where there is none, or a file is not what was packaged.
    """
    files = _read_manifest(folder)
    if not files:
        raise FruitsError(f"There is no package in {folder}: make it with kedro emr package.")
    for name, known in files.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != known["sha256"]:
            raise FruitsError(
                f"{path} is missing or is not what was packaged: run kedro emr package again."
            )
    return Package(folder, files)


def plan_package(project: Path, folder: Path, targets: Sequence[Target]) -> list[str]:
    """What ``make_package`` would do, one line each."""
    lines = [f"build {project} with the converted backbone inside into {folder / PROJECT}/*.whl"]
    lines.append(f"write {folder / PROJECT / CONFIGURATION} from {project / 'conf'} without local")
    lines.append(f"write {folder / PROJECT / MAIN}")
    for target in targets:
        place = folder / target.folder
        pins = read_pins(project / LOCK, target)
        names = ", ".join(pin.requirement for pin in pins)
        command = download_command(target, REQUIREMENTS, place / "wheels")
        lines.append(f"have {len(pins)} wheels for {target.architecture}: {names}")
        lines.append(f"where one is missing: {' '.join(command)}")
        lines += [f"write {place / name}" for name in (REQUIREMENTS, ENVIRONMENT, BOOTSTRAP)]
    return [*lines, f"write {folder / MANIFEST} with the sha256 of every file"]


def _write_project(project: Path, folder: Path) -> None:
    backbone = backbone_for_cluster(project, folder / "backbone")
    place = folder / PROJECT
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    shutil.copyfile(build_wheel(project, backbone, place), place / PYTHON_FILES)
    write_configuration(project / "conf", place / CONFIGURATION)
    (place / MAIN).write_text(MAIN_FILE)


def _write_packages(
    place: Path, requirements: str, before: Mapping[str, Mapping[str, Any]], target: Target
) -> None:
    """The requirements file and the archive, which takes a minute and is kept where it can be."""
    listed, archive = place / REQUIREMENTS, place / ENVIRONMENT
    known = before.get(f"{target.folder}/{ENVIRONMENT}", {}).get("sha256")
    same = listed.is_file() and listed.read_text() == requirements
    if same and archive.is_file() and file_sha256(archive) == known:
        return
    logger.info("Packing the environment for %s (about a minute)", target.architecture)
    write_environment(sorted((place / "wheels").glob("*.whl")), archive)
    listed.write_text(requirements)


def _describe(folder: Path, targets: Sequence[Target]) -> dict[str, dict[str, Any]]:
    places = [folder / name for name in (PROJECT, *(target.folder for target in targets))]
    files = sorted(path for place in places for path in place.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": file_sha256(path),
            "bytes": path.stat().st_size,
        }
        for path in files
    }


def _read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return {}
    try:
        files: dict[str, dict[str, Any]] = json.loads(manifest.read_text())["files"]
    except (ValueError, KeyError) as error:
        raise FruitsError(
            f"{manifest} is damaged: remove it and make the package again."
        ) from error
    return files
