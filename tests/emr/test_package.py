"""``kedro emr package``: what is inside, what is not, and the same bytes each time."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from runs import ROOT
from small_packages import HUSH, X86, X86_TAG

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.converted import backbone_for_cluster
from fruits_kedro.cluster.emr.package import MANIFEST, make_package, plan_package, read_package

ENVIRONMENT = "environment-x86_64"


def unpacked(path: Path) -> list[tuple[str, bytes]]:
    """Every file of an archive, or the file itself."""
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as tar:
            return [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    return [(path.name, path.read_bytes())]


def test_every_part_is_there(emr_package):
    assert [name for name in emr_package.files if "wheels" not in name and ".whl" not in name] == [
        f"{ENVIRONMENT}/bootstrap.sh",
        f"{ENVIRONMENT}/environment.tar.gz",
        f"{ENVIRONMENT}/requirements.txt",
        "project/conf-fruits_kedro.tar.gz",
        "project/fruits_kedro.zip",
        "project/run.py",
    ]
    assert f"{ENVIRONMENT}/wheels/tinytwo-1.0-{X86_TAG}.whl" in emr_package.files
    assert emr_package.targets == [X86]
    assert read_package(emr_package.folder) == emr_package


def test_no_secret_and_nothing_local_is_in_it(emr_package):
    for name in emr_package.files:
        for inner, content in unpacked(emr_package.folder / name):
            assert HUSH.encode() not in content, f"{name}: {inner}"
            assert "local/" not in inner
            assert "credentials" not in inner
    assert HUSH not in (emr_package.folder / MANIFEST).read_text()


def test_the_configuration_has_every_other_environment(emr_package):
    names = {n for n, _ in unpacked(emr_package.folder / "project/conf-fruits_kedro.tar.gz")}
    shipped = [path for path in (ROOT / "conf").rglob("*.yml") if "local" not in path.parts]
    assert names == {str(path.relative_to(ROOT)) for path in shipped}


def test_the_wheel_holds_the_converted_backbone(emr_package):
    wheel = dict(unpacked(emr_package.folder / "project" / emr_package.wheel))
    [model] = [content for name, content in wheel.items() if name.endswith(".tflite")]
    assert model == b"a network"
    assert "fruits_kedro/pipelines/ingestion/nodes.py" in wheel


def test_the_shipped_backbone_needs_no_tensorflow(emr_package):
    """In a Python that has the wheel as a zip file, as executors have it."""
    script = (
        "from fruits_kedro.datasets import KnownBackbonesDataset as K\n"
        "from fruits_kedro.model.backbone.artefact import BackboneSpec as S\n"
        "from fruits_kedro.model.backbone.weights import *\n"
        "spec = S(weights_sha256(locate_weights('shipped')), 224, 'float32')\n"
        "find = K(filepath='nowhere', refresh=True).load()\n"
        "print(find(spec).model, find(S('other', 224, 'float32')))\n"
    )
    wheel = emr_package.folder / "project" / "fruits_kedro.zip"
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "b'a network' None\n"


def test_the_environment_runs_wherever_it_is_unpacked(emr_package, tmp_path):
    folder = tmp_path / "any where"
    with tarfile.open(emr_package.folder / ENVIRONMENT / "environment.tar.gz") as tar:
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
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(emr_project / "index"))
    for path in (emr_project / "src").rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    again = make_package(emr_project, tmp_path / "again", [X86])
    assert again.files == emr_package.files
    assert again.identity("project") == emr_package.identity("project")


def test_what_was_altered_is_refused(emr_package, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(emr_package.folder, copy)
    (copy / "project" / "run.py").write_text("print('other')")
    with pytest.raises(FruitsError, match=r"run\.py is missing or is not what was packaged"):
        read_package(copy)
    with pytest.raises(
        FruitsError, match=r"There is no package in .*: make it with kedro emr pack"
    ):
        read_package(tmp_path)


def test_a_package_that_cannot_be_downloaded_is_named(emr_project, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(FruitsError, match=r"for x86_64 \(No matching distribution .*tinyone==1\.0"):
        make_package(emr_project, tmp_path / "package", [X86])


def test_a_dry_run_names_every_wheel_and_writes_nothing(emr_project, tmp_path):
    lines = plan_package(emr_project, tmp_path / "package", [X86])
    assert any("tinyone==1.0, tinytwo==1.0" in line for line in lines)
    assert not (tmp_path / "package").exists()


REFUSED = {
    "weights: /my/weights.h5": r"/my/weights\.h5, a file of this machine",
    "precision: int8": r"int8 is calibrated on photographs: run kedro run",
}


@pytest.mark.parametrize("setting", REFUSED)
def test_a_network_that_a_cluster_cannot_have_is_refused(emr_project, tmp_path, setting):
    copy = tmp_path / "project"
    shutil.copytree(emr_project, copy, ignore=shutil.ignore_patterns("dist"))
    parameters = copy / "conf" / "base" / "parameters_featurization.yml"
    key = setting.split(":")[0]
    lines = parameters.read_text().splitlines()
    changed = [f"  {setting}" if line.startswith(f"  {key}:") else line for line in lines]
    parameters.write_text("\n".join(changed))
    with pytest.raises(FruitsError, match=REFUSED[setting]):
        backbone_for_cluster(copy, tmp_path / "kept")


# --- on the nodes --------------------------------------------------------------------------------


def bootstrap(folder: Path, place: Path) -> "subprocess.CompletedProcess[str]":
    """The action of a package's folder, installing below ``place``, where no index answers."""
    environment = {
        **os.environ,
        "FRUITS_PREFIX": str(place / "prefix"),
        "FRUITS_PROFILE": str(place / "profile.sh"),
        "PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
    }
    words = ["bash", str(folder / "bootstrap.sh"), str(folder)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_the_bootstrap_action_installs_the_wheels_and_nothing_else(emr_package, tmp_path):
    result = bootstrap(emr_package.folder / ENVIRONMENT, tmp_path)
    assert result.returncode == 0, result.stderr
    python = str(tmp_path / "prefix" / "bin" / "python")
    assert subprocess.run([python, "-c", "import tinyone, tinytwo"], check=False).returncode == 0
    assert f"export PYSPARK_PYTHON={python}\n" in (tmp_path / "profile.sh").read_text()


def test_the_bootstrap_action_refuses_a_wheel_of_another_content(emr_package, tmp_path):
    folder = tmp_path / "environment"
    shutil.copytree(emr_package.folder / ENVIRONMENT, folder)
    with (folder / "wheels" / "tinyone-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"more")
    result = bootstrap(folder, tmp_path)
    assert result.returncode != 0
    assert "DO NOT MATCH THE HASHES" in result.stderr
    assert not (tmp_path / "profile.sh").exists()


def test_archives_hold_no_time_and_no_user(emr_package):
    for name in (f"{ENVIRONMENT}/environment.tar.gz", "project/conf-fruits_kedro.tar.gz"):
        raw = (emr_package.folder / name).read_bytes()
        assert raw[4:8] == bytes(4)
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(raw))) as tar:
            members = tar.getmembers()
        assert {(m.mtime, m.uid, m.gid, m.uname) for m in members} == {(0, 0, 0, "")}


def test_the_manifest_has_every_checksum(emr_package):
    content = json.loads((emr_package.folder / MANIFEST).read_text())
    assert content["files"] == emr_package.files
