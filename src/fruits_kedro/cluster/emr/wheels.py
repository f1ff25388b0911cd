"""Downloads the wheels that a lock file names, for a cluster and not for this machine."""

import hashlib
import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.pins import Pin
from fruits_kedro.cluster.emr.target import PYTHON, Target

logger = logging.getLogger(__name__)


def download_wheels(pins: Sequence[Pin], target: Target, folder: Path) -> str:
    """Have exactly the wheels of ``pins`` in ``folder``; those that are there are kept.

    Returns:
        A requirements file that accepts these wheels and no other file.

    Raises:
        FruitsError: Where a package cannot be downloaded, has no wheel for the target, or is not
            what the lock file says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requirements = _requirements(pins, folder)
    if requirements is None:
        logger.info("Downloading %d wheels for %s (once)", len(pins), target.architecture)
        _run_pip(pins, target, folder)
        requirements = _requirements(pins, folder)
    if requirements is None:
        raise FruitsError(
            f"The wheels in {folder} are not those of the lock file: remove that folder and run "
            "kedro emr package again."
        )
    return requirements


def download_command(target: Target, requirements: str, folder: Path) -> list[str]:
    """The call of pip that downloads for ``target``."""
    words = "-m pip download --quiet --disable-pip-version-check --no-deps --require-hashes "
    words += f"--only-binary=:all: --implementation cp --python-version {PYTHON}"
    tags = [f"cp{PYTHON.replace('.', '')}", "abi3", "none"]
    return [
        sys.executable,
        *words.split(),
        *(f"--abi={tag}" for tag in tags),
        *(f"--platform={platform}" for platform in target.platforms),
        f"--requirement={requirements}",
        f"--dest={folder}",
    ]


def file_sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _requirements(pins: Sequence[Pin], folder: Path) -> str | None:
    """One line per pin, or None where a wheel is missing; removes what no pin names."""
    found = {file_sha256(path): path for path in folder.iterdir()}
    wanted = {pin: found.keys() & pin.hashes for pin in pins}
    for digest in found.keys() - set().union(*wanted.values()):
        found[digest].unlink()
    if not all(wanted.values()):
        return None
    lines = sorted(pin.line(*hashes) for pin, hashes in wanted.items())
    return "\n".join(lines) + "\n"


def _run_pip(pins: Sequence[Pin], target: Target, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text("\n".join(pin.line() for pin in pins) + "\n")
        command = download_command(target, str(requirements), folder)
        # pip itself, without a shell: what varies are paths.
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        lines = [line for line in result.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = (lines or ["it said nothing"])[-1].removeprefix("ERROR: ").rstrip(".")
        raise FruitsError(
            f"pip could not download the wheels for {target.architecture} ({reason}): check the "
            "connection to the package index, or run make lock where a package has no wheel."
        )
