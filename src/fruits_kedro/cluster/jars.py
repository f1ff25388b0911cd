"""The jars that Spark needs to reach S3 and does not bring, fetched once and kept.

The smallest set that works: S3A, the committers' bindings, and of the AWS SDK what S3A calls (9
MB; the SDK in one piece is 500 MB). Each is held to the sha256 in ``jars.tsv``.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fruits_kedro import FruitsError

logger = logging.getLogger(__name__)


def s3a_jars() -> list[Path]:
    """The jars of ``jars.tsv``, from the cache, or fetched into it.

    Raises:
        FruitsError: Where they cannot be fetched, or are not those that were tried.
    """
    folder = cache_folder() / "s3a"
    hashes = _pinned()
    if not _complete(folder, hashes):
        logger.info("Fetching %d jars for Spark to reach S3, once (9 MB)", len(hashes))
        fetch(hashes, folder)
    return [folder / _file_name(coordinate) for coordinate in hashes]


def cache_folder() -> Path:
    """Where fetched files stay: ``fruits-kedro`` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fruits-kedro"


def fetch(hashes: dict[str, str], folder: Path) -> None:
    """Fetch jars by their coordinates with the Ivy that Spark brings, into a folder of their own.

    Args:
        hashes: sha256 by ``group:module:version``.
        folder: Appears when it is complete.

    Raises:
        FruitsError: Where a jar cannot be fetched, or has another sha256.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as name:
        made = Path(name) / "jars"
        retrieve(hashes, made)
        for coordinate, expected in hashes.items():
            if _sha256(made / _file_name(coordinate)) != expected:
                raise FruitsError(
                    f"The jar {coordinate} was fetched and is not the one that was tried (its "
                    "sha256 differs): check which Maven repository this machine is directed to."
                )
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def retrieve(coordinates: Iterable[str], folder: Path, transitive: bool = False) -> None:
    """Fetch jars into a folder with the Ivy that Spark brings, and with them what they depend on.

    Args:
        coordinates: ``group:module:version``.
        folder: Is made; the files are called ``module-version.jar``.
        transitive: Whether dependencies are fetched as well.

    Raises:
        FruitsError: Where one cannot be fetched.
    """
    folder.mkdir()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".ivy-") as work:
        description = Path(work) / "ivy.xml"
        description.write_text(_ivy_description(coordinates, transitive))
        words = [_java(), "-cp", str(_ivy()), "org.apache.ivy.Main", "-ivy", str(description)]
        words += ["-cache", f"{work}/cache", "-types", "jar", "bundle"]
        words += ["-retrieve", f"{folder}/[artifact]-[revision](-[classifier]).[ext]"]
        # A program of this machine, without a shell, and names from this package.
        result = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, check=False, cwd=work
        )
    if result.returncode != 0:
        told = (line.strip(": \t") for line in result.stdout.splitlines() if "not found" in line)
        raise FruitsError(
            f"The jars that Spark needs could not be fetched ({next(told, 'no answer')}): check "
            f"that Maven Central can be reached, or copy {cache_folder()} from a machine that has "
            "them."
        )


def _ivy_description(coordinates: Iterable[str], transitive: bool) -> str:
    conf = "default" if transitive else "master"
    wanted = "".join(
        f"<dependency org={quoteattr(group)} name={quoteattr(module)} rev={quoteattr(version)} "
        f'conf="default->{conf}" transitive="{str(transitive).lower()}"/>'
        for group, module, version in (coordinate.split(":") for coordinate in coordinates)
    )
    return (
        '<ivy-module version="2.0"><info organisation="fruits" module="jars"/><configurations>'
        f'<conf name="default"/></configurations><dependencies>{wanted}</dependencies></ivy-module>'
    )


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _ivy() -> Path:
    import pyspark

    return next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))


def _complete(folder: Path, hashes: dict[str, str]) -> bool:
    paths = {coordinate: folder / _file_name(coordinate) for coordinate in hashes}
    return all(path.is_file() and _sha256(path) == hashes[name] for name, path in paths.items())


def _file_name(coordinate: str) -> str:
    _, module, version = coordinate.split(":")
    return f"{module}-{version}.jar"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _pinned() -> dict[str, str]:
    lines = (files("fruits_kedro.cluster") / "jars.tsv").read_text().splitlines()
    return dict(line.split("\t") for line in lines)
