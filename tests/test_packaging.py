"""What ``kedro package`` makes."""

import re
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from runs import ROOT, copy_project, output

WEIGHTS = "fruits_kedro/model/weights/mobilenet_v2_imagenet_no_top.weights.h5"


def offline_index(folder: Path) -> None:
    """A wheel of the installed setuptools: what `kedro package` would download to build."""
    installed = distribution("setuptools")
    name = f"setuptools-{installed.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in installed.files or []:
            if ".." not in file.parts and file.suffix != ".pyc" and file.locate().is_file():
                wheel.write(file.locate(), file.as_posix())


@pytest.fixture(scope="module")
def packaged(tmp_path_factory) -> Path:
    """The folder `dist` of a packaged copy."""
    project = copy_project(tmp_path_factory.mktemp("package"))
    index = tmp_path_factory.mktemp("index")
    offline_index(index)
    output(project, "kedro", "package", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index))
    return project / "dist"


def test_the_wheel_holds_code_and_weights_and_names_its_program_and_parts(packaged):
    [file] = packaged.glob("*.whl")
    with zipfile.ZipFile(file) as wheel:
        sizes = {entry.filename: entry.file_size for entry in wheel.infolist()}
        [folder] = {name.split("/")[0] for name in sizes if ".dist-info/" in name}
        programs = wheel.read(f"{folder}/entry_points.txt").decode()
        about = wheel.read(f"{folder}/METADATA").decode()
    files = [path for path in (ROOT / "src" / "fruits_kedro").rglob("*") if path.is_file()]
    names = {str(path.relative_to(ROOT / "src")) for path in files if path.name != "README.md"}
    assert {name for name in names - sizes.keys() if "__pycache__" not in name} == set()
    assert sizes[WEIGHTS] == (ROOT / "src" / WEIGHTS).stat().st_size
    assert "fruits-kedro = fruits_kedro.__main__:main" in programs
    assert {"local", "cluster"} <= set(re.findall(r"^Provides-Extra: (.+)$", about, re.M))


def test_the_configuration_is_packaged_without_local(packaged):
    with tarfile.open(packaged / "conf-fruits_kedro.tar.gz") as archive:
        names = set(archive.getnames())
    expected = {
        str(path.relative_to(ROOT))
        for environment in ("base", "emr")
        for path in (ROOT / "conf" / environment).glob("*.yml")
    }
    assert expected
    assert expected <= names
    assert not [name for name in names if name.startswith("conf/local/") and name.endswith(".yml")]
