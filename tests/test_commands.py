"""The commands of Kedro and its plugins on this project, as a user types them."""

import re
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from runs import PIPELINES, ROOT, command, copy_project, output

WEIGHTS = "fruits_kedro/weights/mobilenet_v2_imagenet_no_top.weights.h5"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the project without data, so that the work tree stays as it is."""
    return copy_project(tmp_path_factory.mktemp("commands"))


def test_registry_list_names_every_pipeline(copy):
    listed = yaml.safe_load(command(copy, "kedro", "registry", "list").stdout)
    assert set(listed) >= set(PIPELINES)


def test_registry_describe_names_the_nodes_of_a_pipeline(copy):
    text = output(copy, "kedro", "registry", "describe", "reduction")
    assert "fit_reducer_on_train" in text


def test_catalog_describes_the_datasets_of_a_pipeline(copy):
    result = command(copy, "kedro", "catalog", "describe-datasets", "--pipeline=inference")
    datasets = yaml.safe_load(result.stdout)["inference"]["datasets"]
    names = {name for group in datasets.values() for name in group}
    assert names >= {"raw_images", "backbone", "reducer", "classifier", "inference_predictions"}


def test_catalog_resolves_every_dataset_below_the_storage(copy, tmp_path):
    storage = str(tmp_path / "elsewhere")
    result = command(copy, "kedro", "catalog", "resolve-patterns", FRUITS_STORAGE=storage)
    datasets = yaml.safe_load(result.stdout)
    paths = {n: d["filepath"] for n, d in datasets.items() if "filepath" in d}
    assert len(paths) > 20
    assert {n for n, path in paths.items() if not path.startswith(storage)} == {"raw_images"}


def test_catalog_lists_its_patterns(copy):
    assert "Error" not in output(copy, "kedro", "catalog", "list-patterns")


def test_jupyter_is_there(copy):
    assert "lab" in output(copy, "kedro", "jupyter", "--help")


STARTED = """
import sys
from kedro.framework.cli import main

sys.argv = ["kedro", *sys.argv[1:]]
try:
    main()
except SystemExit:
    print(sorted({"kedro_mlflow", "mlflow", "pyspark", "tensorflow"} & set(sys.modules)))
"""


def test_a_command_starts_without_what_takes_seconds_to_import(copy):
    text = output(copy, "python", "-c", STARTED, "registry", "list")
    assert "classification" in text
    assert text.splitlines()[-1] == "[]"


def test_commands_of_the_plugin_are_there(copy):
    assert "ui" in output(copy, "kedro", "mlflow", "--help")


def test_the_package_is_a_program(copy):
    text = output(copy, "python", "-m", "fruits_kedro", "--help")
    assert "--pipeline" in text
    assert "--params" in text


# --- kedro package -------------------------------------------------------------------------------


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


def test_the_wheel_holds_the_code_and_the_weights(packaged):
    [wheel] = packaged.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    source = ROOT / "src" / "fruits_kedro"
    assert sizes[WEIGHTS] == (ROOT / "src" / WEIGHTS).stat().st_size
    missing = {
        str(path.relative_to(ROOT / "src"))
        for path in source.rglob("*")
        if path.suffix in {".py", ".properties", ".h5"}
    } - sizes.keys()
    assert missing == set()


def test_the_wheel_names_its_program_and_its_parts(packaged):
    [wheel] = packaged.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [folder] = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        programs = archive.read(f"{folder}/entry_points.txt").decode()
        about = archive.read(f"{folder}/METADATA").decode()
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
