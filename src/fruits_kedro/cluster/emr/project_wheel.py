"""The project's own wheel, with the converted backbone inside, from nothing but its sources."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.backbone.shipped import ship_backbone

_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "src/fruits_kedro")
_EPOCH = "315532800"
"""1 January 1980 in seconds: the first date a zip file can hold."""


def build_wheel(project: Path, backbone: Backbone, folder: Path) -> Path:
    """Build the wheel in ``folder`` from a copy, so that nothing of earlier builds gets in.

    Raises:
        FruitsError: Where setuptools does not build it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "project"
        for name in _SOURCES:
            _copy(project / name, copy / name)
        ship_backbone(backbone, copy / "src" / "fruits_kedro" / "weights")
        _settle_modes(copy)
        words = "-m pip wheel --quiet --disable-pip-version-check --no-index --no-deps"
        command = [sys.executable, *words.split(), "--no-build-isolation"]
        command += [f"--wheel-dir={folder}", str(copy)]
        # pip itself, without a shell: what varies are paths.
        result = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
            check=False,
        )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise FruitsError(f"The project's wheel could not be built ({last}): see pyproject.toml.")
    return next(folder.glob("*.whl"))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.pyc"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _settle_modes(folder: Path) -> None:
    """The same for everyone: a wheel keeps the modes of its files."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
