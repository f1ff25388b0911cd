"""What the benchmark ran on."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "pyspark",
    "kedro",
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "ai-edge-litert",
    "numpy",
    "pillow",
    "pyarrow",
    "pandas",
    "scipy",
)


def usable_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(project: Path) -> dict[str, Any]:
    """Machine, versions, date and commit."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit_of(project),
        "machine": {
            "processor": _processor(),
            "cores": usable_cores(),
            "memory_gib": _memory_gib(),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), "java": _java(), **_packages()},
    }


def commit_of(project: Path) -> str:
    """The commit checked out, with a plus where files other than docs differ from it."""
    commit = _output(["git", "rev-parse", "--short=12", "HEAD"], project)
    # The report of an earlier part is no change of what is measured.
    words = "git status --porcelain --untracked-files=no -- . :!docs"
    changed = _output(words.split(), project)
    return (commit or "unknown") + ("+" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    text = _output([java, "-version"], Path())
    named = re.search(r'version "([^"]+)"', text)
    return named[1] if named else "unknown"


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _output(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""
