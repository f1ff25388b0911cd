"""``kedro emr package``: what is inside, what is not, and the same bytes each time."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from runs import ROOT
from small_packages import HUSH

from fruits_kedro import FruitsError
from fruits_kedro.cluster.package import (
    ARCHITECTURES,
    LOCK,
    locked_for,
    make_package,
    read_package,
)

ENVIRONMENT = "environment-x86_64/environment.tar.gz"
CONFIGURATION = "project/conf-fruits_kedro.tar.gz"
LINES = """\
# This file was compiled by a machine.
always==1.0 \\
    --hash=sha256:bb \\
    --hash=sha256:aa
    # via someone
windows==1.0 ; os_name == 'nt' or sys_platform == 'win32' \\
    --hash=sha256:cc
chosen==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:dd
chosen==2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:ee
arm==1.0 ; platform_machine == 'aarch64' \\
    --hash=sha256:ff
"""


def unpacked(path: Path) -> list[tuple[str, bytes]]:
    """Every file of an archive, or the file itself."""
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as tar:
            return [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    return [(path.name, path.read_bytes())]


def test_no_secret_and_nothing_local_is_in_it(emr_package):
    for path in filter(Path.is_file, emr_package.folder.rglob("*")):
        for inner, content in unpacked(path):
            assert HUSH.encode() not in content, f"{path}: {inner}"
    names = {name for name, _ in unpacked(emr_package.folder / CONFIGURATION)}
    shipped = [path for path in (ROOT / "conf").rglob("*.yml") if "local" not in path.parts]
    assert names == {str(path.relative_to(ROOT)) for path in shipped}
    code = {name for name, _ in unpacked(emr_package.folder / "project" / "fruits_kedro.zip")}
    tracked = [path for path in (ROOT / "src" / "fruits_kedro").rglob("*") if path.is_file()]
    sources = {str(path.relative_to(ROOT / "src")) for path in tracked}
    assert {name for name in sources if "__pycache__" not in name} == code


def test_the_environment_runs_wherever_it_is_unpacked(emr_package, tmp_path):
    folder = tmp_path / "any where"
    with tarfile.open(emr_package.folder / ENVIRONMENT) as tar:
        tar.extractall(folder, filter="data")
    assert not list(folder.rglob("*-tool"))
    script = "import sys, tinyone, tinytwo, beside; print(tinyone.value, tinytwo.__file__)"
    (tmp_path / "beside.py").touch()
    result = subprocess.run(
        [folder / "bin" / "python", "-c", script],
        env={"PATH": os.environ["PATH"], "FRUITS_PYTHON": sys.executable, "PYTHONPATH": tmp_path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith(f"42 {folder}/lib/python3.11/site-packages/")


def test_the_same_sources_give_the_same_bytes(emr_package, emr_project, monkeypatch, tmp_path):
    assert read_package(emr_package.folder) == emr_package
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(emr_project / "index"))
    for path in (emr_project / "src").rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    again = make_package(emr_project, tmp_path / "again", ["x86_64"])
    assert again.files == emr_package.files
    with tarfile.open(emr_package.folder / ENVIRONMENT) as tar:
        assert {(m.uid, m.gid, m.uname, m.gname) for m in tar} == {(0, 0, "", "")}


def test_what_was_altered_or_is_missing_is_refused(emr_package, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(emr_package.folder, copy)
    (copy / "project" / "run.py").write_text("print('other')")
    with pytest.raises(FruitsError, match=r"run\.py"):
        read_package(copy)
    with pytest.raises(FruitsError, match="kedro emr package"):
        read_package(tmp_path)


def test_a_package_that_cannot_be_downloaded_is_named(emr_project, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(FruitsError, match=r"x86_64 \(No matching distribution .*tinyone==1\.0"):
        make_package(emr_project, tmp_path / "package", ["x86_64"])


# --- the lock file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("x86_64", ["always==1.0", "chosen==1.0"]),
        ("aarch64", ["always==1.0", "chosen==1.0", "arm==1.0"]),
    ],
)
def test_markers_are_those_of_the_target(tmp_path, architecture, expected):
    (tmp_path / LOCK).write_text(LINES)
    lines = locked_for(tmp_path / LOCK, architecture)
    assert [line.split()[0] for line in lines] == expected
    assert lines[0] == "always==1.0 --hash=sha256:aa --hash=sha256:bb"
    with pytest.raises(FruitsError, match="make lock"):
        locked_for(tmp_path / "none", architecture)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_cluster_gets_the_versions_that_were_tested_and_no_tensorflow(architecture):
    lines = locked_for(ROOT / LOCK, architecture)
    tested = set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements.lock").read_text(), re.M))
    pinned = {line.split()[0] for line in lines}
    assert pinned <= tested
    assert {pin.split("==")[0] for pin in pinned} >= {"kedro", "ai-edge-litert", "s3fs", "pyarrow"}
    assert not [pin for pin in pinned if re.match("pyspark|tensorflow|keras|jupyter|mlflow", pin)]
    assert all("--hash=sha256:" in line for line in lines)
