"""What the benchmark runs on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.scripts import CORES

PACKAGES = ("pyspark", "kedro", "keras", "ai-edge-litert", "numpy", "pillow", "pyarrow")


def describe(project: Path) -> dict[str, Any]:
    """Date, commit, machine and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit_of(project),
        "cores": CORES,
        "machine": f"{_processor()}, {CORES} cores, {memory:.1f} GiB, "
        f"{platform.platform()}, Python {platform.python_version()}, {versions}",
    }


def commit_of(project: Path) -> str:
    """The commit checked out, with a plus if files outside docs/ differ from it."""
    changed = _git(project, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return _git(project, "rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def _git(project: Path, *words: str) -> str:
    command = ["git", "-C", str(project), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
