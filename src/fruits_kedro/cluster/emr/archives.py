"""Archives whose bytes depend on their content only: not on time, user or order of a disk."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from fruits_kedro.cluster.emr.target import PYTHON

SITE_PACKAGES = f"lib/python{PYTHON}/site-packages"

# PYTHONPATH and not a virtual environment: that would name this machine's interpreter.
LAUNCHER = f"""\
#!/bin/sh
# The node's own Python {PYTHON} with the packages of this archive.
root=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH="$root/{SITE_PACKAGES}${{PYTHONPATH:+:$PYTHONPATH}}"
PYTHONNOUSERSITE=1
export PYTHONPATH PYTHONNOUSERSITE
exec "${{FRUITS_PYTHON:-python{PYTHON}}}" "$@"
"""


def write_configuration(conf: Path, archive: Path) -> None:
    """``conf`` as ``kedro run --conf-source`` takes it, without what is local or secret."""
    names = sorted(path.relative_to(conf) for path in conf.rglob("*") if path.is_file())
    shipped = [name for name in names if not _is_private(name)]
    with _tar(archive) as tar:
        for name in shipped:
            _add(tar, f"conf/{name.as_posix()}", (conf / name).read_bytes())


def write_environment(wheels: Sequence[Path], archive: Path) -> None:
    """Wheels, unpacked, with a ``bin/python`` that finds them, wherever it is unpacked."""
    with _tar(archive) as tar:
        _add(tar, "bin/python", LAUNCHER.encode(), mode=0o755)
        for wheel in sorted(wheels):
            for name, content in _installed(wheel):
                _add(tar, f"{SITE_PACKAGES}/{name}", content)


def _is_private(name: Path) -> bool:
    hidden = any(part.startswith(".") for part in name.parts)
    return name.parts[0] == "local" or hidden or "credentials" in name.name.lower()


def _installed(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Files of a wheel as installing it would place them in site-packages (PEP 427)."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            path = PurePosixPath(name)
            if name.endswith("/"):
                continue
            if path.parts[0].endswith(".data"):
                # Programs, headers and manuals have no use on a node.
                if path.parts[1] not in ("purelib", "platlib"):
                    continue
                path = PurePosixPath(*path.parts[2:])
            yield str(path), archive.read(name)


@contextmanager
def _tar(archive: Path) -> Iterator[tarfile.TarFile]:
    with (
        gzip.GzipFile(archive, "wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        yield tar


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), mode, 0
    tar.addfile(member, io.BytesIO(content))
