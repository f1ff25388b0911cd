"""The package for a cluster: the project and its locked Python packages, with checksums.

``kedro emr package`` writes two folders:

- ``project``: the code as a zip file, the configuration without anything local or secret, and the
  file that spark-submit starts;
- ``environment-<architecture>``: the packages of ``requirements-cluster.lock``, unpacked in one
  archive with a ``bin/python`` that finds them.

Equal sources give equal bytes, so the bucket's folders are named by a hash of their content.
"""

import gzip
import hashlib
import json
import logging
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fruits_kedro import FruitsError

logger = logging.getLogger(__name__)

RELEASE = "emr-spark-8.1.0"
"""EMR's long-term release: Spark 4.1.1, Python 3.11 and 3.13, support until September 2029.

Source: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark810-release.html
"""
PYTHON = "3.11"
ARCHITECTURES = ("x86_64", "aarch64")
"""Intel and AMD, and AWS's Graviton."""

LOCK = "requirements-cluster.lock"
PROJECT = "project"
CODE, CONFIGURATION, MAIN = "fruits_kedro.zip", "conf-fruits_kedro.tar.gz", "run.py"
ENVIRONMENT, REQUIREMENTS = "environment.tar.gz", "requirements.txt"
MANIFEST = "manifest.json"

_SITE_PACKAGES = f"lib/python{PYTHON}/site-packages"
_NEWEST_GLIBC = 34
"""Minor version of the C library of Amazon Linux 2023."""
_LEFT_OUT = re.compile(r"\..*|local|__pycache__|.*credentials.*", re.IGNORECASE)
"""Names of files and folders of ``src`` and ``conf`` that stay on this machine."""

# Not a virtual environment, which would contain the path of this machine's interpreter.
_LAUNCHER = f"""\
#!/bin/sh
# The node's own Python {PYTHON} with the packages of this archive.
root=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH="$root/{_SITE_PACKAGES}${{PYTHONPATH:+:$PYTHONPATH}}"
PYTHONNOUSERSITE=1
export PYTHONPATH PYTHONNOUSERSITE
exec "${{FRUITS_PYTHON:-python{PYTHON}}}" "$@"
"""


class Package(NamedTuple):
    """A package on this machine: its folder, and the sha256 of every file by its path in it."""

    folder: Path
    files: Mapping[str, str]

    def names(self, part: str) -> list[str]:
        """Files of ``project`` or of one environment."""
        return sorted(name for name in self.files if name.startswith(f"{part}/"))

    def identity(self, part: str) -> str:
        """16 hexadecimal digits of the content of one part."""
        known = [(name, self.files[name]) for name in self.names(part)]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def environment_part(architecture: str) -> str:
    """The folder of the packages for one architecture."""
    return f"environment-{architecture}"


def make_package(project: Path, folder: Path, architectures: Sequence[str]) -> Package:
    """Write a package of the project into a folder.

    An environment whose lock file is unchanged is kept. Raises FruitsError if a part fails.
    """
    parts = [PROJECT]
    for architecture in architectures:
        parts.append(environment_part(architecture))
        _write_environment(project / LOCK, architecture, folder / parts[-1])
    place = folder / PROJECT
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with zipfile.ZipFile(place / CODE, "w") as code:
        for name in _shipped(project / "src", "fruits_kedro"):
            content, member = (project / "src" / name).read_bytes(), zipfile.ZipInfo(str(name))
            code.writestr(member, content, zipfile.ZIP_DEFLATED)
    _pack(project, _shipped(project, "conf"), place / CONFIGURATION)
    shutil.copyfile(project / "infra" / MAIN, place / MAIN)
    paths = sorted(path for part in parts for path in (folder / part).iterdir())
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in paths}
    (folder / MANIFEST).write_text(json.dumps(files, indent=1) + "\n")
    return Package(folder, files)


def read_package(folder: Path) -> Package:
    """The package in ``folder``. Raises FruitsError if there is none, or a file was changed."""
    try:
        files: dict[str, str] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise FruitsError(
            f"There is no package in {folder}: make one with kedro emr package."
        ) from error
    for name, sha256 in files.items():
        if not (folder / name).is_file() or _sha256(folder / name) != sha256:
            raise FruitsError(
                f"{folder / name} is missing or was changed: run kedro emr package again."
            )
    return Package(folder, files)


# --- its Python packages -------------------------------------------------------------------------


def _write_environment(lock: Path, architecture: str, place: Path) -> None:
    requirements = "\n".join(locked_for(lock, architecture)) + "\n"
    listed, archive = place / REQUIREMENTS, place / ENVIRONMENT
    if archive.is_file() and listed.is_file() and listed.read_text() == requirements:
        return
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    logger.info("Packing Python packages for %s (a minute or two)", architecture)
    with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
        wanted, root = Path(temporary) / REQUIREMENTS, Path(temporary) / "root"
        wanted.write_text(requirements)
        problem = _run_pip(_install_words(architecture, wanted, root / _SITE_PACKAGES))
        if problem:
            raise FruitsError(
                f"pip could not install the packages for {architecture} ({problem}): check the "
                "connection to the package index, or run make lock if one has no wheel."
            )
        for name in ("bin", "include", "share"):  # a node needs no programs, headers and manuals
            shutil.rmtree(root / _SITE_PACKAGES / name, ignore_errors=True)
        (root / "bin").mkdir()
        (root / "bin" / "python").write_text(_LAUNCHER)
        (root / "bin" / "python").chmod(0o755)
        _pack(root, _files(root), archive)
    listed.write_text(requirements)


def locked_for(lock: Path, architecture: str) -> list[str]:
    """The lines of a lock file that belong on a node of EMR, with their hashes.

    pip would evaluate environment markers (PEP 508) for this machine instead of the node. Raises
    FruitsError if there is no lock file.
    """
    from packaging.requirements import Requirement

    node = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
    node |= {"python_version": PYTHON, "python_full_version": f"{PYTHON}.14"}
    node |= {"implementation_name": "cpython", "platform_machine": architecture}
    if not lock.is_file():
        raise FruitsError(
            f"{lock} is missing, which lists what a cluster needs: run this in the project's "
            "folder, or make the file with make lock."
        )
    text = re.sub(r"^\s*#.*$", "", lock.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    chosen = []
    for line in filter(None, map(str.strip, text.splitlines())):
        words, *hashes = re.split(r"\s+--hash=", line)
        requirement = Requirement(words)
        if requirement.marker is None or requirement.marker.evaluate(node):
            pinned = f"{requirement.name}{requirement.specifier}"
            chosen.append(" ".join([pinned, *(f"--hash={sha256}" for sha256 in sorted(hashes))]))
    return chosen


def _install_words(architecture: str, requirements: Path, folder: Path) -> list[str]:
    """Arguments that make pip install a node's packages into a folder of any machine."""
    tags = [f"manylinux_2_{n}_{architecture}" for n in range(_NEWEST_GLIBC, 4, -1)]
    tags += [f"manylinux2014_{architecture}", f"linux_{architecture}"]
    return [
        *("install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"),
        *("--implementation=cp", f"--python-version={PYTHON}"),
        *(f"--abi={abi}" for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none")),
        *(f"--platform={tag}" for tag in tags),
        f"--requirement={requirements}",
        f"--target={folder}",
    ]


# --- archives, hashes, pip -----------------------------------------------------------------------


def _files(root: Path, folder: str = "") -> list[Path]:
    paths = (path for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(root) for path in paths)


def _shipped(root: Path, folder: str) -> list[Path]:
    """Files of a folder, without what is hidden, local, compiled or secret."""
    names = _files(root, folder)
    return [name for name in names if not any(map(_LEFT_OUT.fullmatch, name.parts))]


def _pack(root: Path, names: Iterable[Path], archive: Path) -> None:
    """Archive files below ``root`` so that the bytes do not depend on time, user or order."""
    with (
        gzip.GzipFile(archive, "wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name in names:
            tar.add(root / name, str(name), filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    mode = 0o755 if member.mode & 0o100 else 0o644
    return member.replace(mtime=0, mode=mode, uid=0, gid=0, uname="", gname="", deep=False)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run_pip(words: Sequence[str]) -> str:
    """Run pip; returns its last error, or nothing if it succeeds."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    # No shell, and only paths vary.
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode == 0:
        return ""
    lines = result.stderr.strip().splitlines() or ["no message"]
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines
    return errors[-1].removeprefix("ERROR: ").rstrip(".")
