"""Whatever is wrong in ``conf/`` is told in one sentence, with every other problem beside it."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.hooks.config_loader import FruitsConfigLoader
from fruits_kedro.hooks.configuration_checks import check_configuration
from fruits_kedro.settings import CONFIG_LOADER_ARGS


@pytest.fixture
def conf(project, tmp_path, monkeypatch) -> Path:
    """A copy of the project's configuration."""
    for name in [name for name in os.environ if name.startswith(("FRUITS_", "KEDRO_"))]:
        monkeypatch.delenv(name)
    shutil.copytree(project / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    (tmp_path / "conf" / "local").mkdir()
    return tmp_path / "conf"


def check(conf: Path, env: str | None = None, **runtime_params: Any) -> None:
    arguments = {"env": env, "runtime_params": runtime_params, **CONFIG_LOADER_ARGS}
    check_configuration(FruitsConfigLoader(str(conf), **arguments))


def told(conf: Path, env: str | None = None, **runtime_params: Any) -> str:
    with pytest.raises(FruitsError) as error:
        check(conf, env, **runtime_params)
    message = error.value.message
    assert "\n" not in message
    assert message.endswith((".", "?"))
    return message


@pytest.mark.parametrize("environment", [None, "local", "emr", "base"])
def test_the_shipped_configuration_is_right(conf, environment):
    check(conf, environment)


# --- environments --------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "hint"), [("eemr", ", did you mean emr?"), ("zzz", ".")])
def test_an_unknown_environment_is_told_with_those_there_are(conf, name, hint):
    message = told(conf, name)
    assert message == (
        f"There is no environment {name} in {conf}{hint} There are base, cluster, emr, local."
    )


def test_an_environment_needs_no_files_of_its_own(conf):
    (conf / "mine").mkdir()
    check(conf, "mine")


def test_an_environment_is_added_by_the_folder_that_the_documents_show(conf, project):
    text = (project / "docs" / "extending.md").read_text()
    for name, content in re.findall(r"```yaml\n# conf/(\S+)\n(.*?)```", text, re.S):
        (conf / name).parent.mkdir(exist_ok=True)
        (conf / name).write_text(content)
    check(conf, "cluster-of-ours")
    loader = FruitsConfigLoader(str(conf), env="cluster-of-ours", **CONFIG_LOADER_ARGS)
    assert loader["catalog"]["metrics"]["filepath"].startswith("s3://our-bucket/fruits/")
    assert loader["spark"]["spark.master"] == "spark://master.ours:7077"
    assert loader["spark"]["spark.driver.host"] is None
    assert loader["mlflow"]["server"]["mlflow_tracking_uri"] == "http://mlflow.ours:5000"


# --- files ---------------------------------------------------------------------------------------

BROKEN = {
    "an open bracket": b"spark.master: [local\n",
    "a list": b"- spark.master\n",
    "no text": b"\xff\xfe\x00",
    "an unknown interpolation": b"spark.master: ${nothing}\n",
    "an unknown resolver": b"spark.master: ${oc.env:HOME}\n",
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", ["parameters", "spark", "globals", "catalog"])
def test_a_file_that_cannot_be_read_is_named(conf, kind, name):
    (conf / "local" / f"{name}.yml").write_bytes(BROKEN[kind])
    message = told(conf)
    assert message.startswith(f"The configuration of {name} cannot be read (")
    assert f"mend conf/base/{name}*.yml or conf/local/{name}*.yml" in message


def test_a_parameter_in_two_files_is_told(conf):
    for name in ("parameters_a", "parameters_b"):
        (conf / "local" / f"{name}.yml").write_text("split: {seed: 1}\n")
    assert "split.seed" in told(conf)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("zzz: 5", "the catalog's zzz has no type: give the class of a dataset."),
        (
            "images: {type: fruits_kedro.datasets.SnapshotParquet, filepath: x}",
            "the catalog's images is a fruits_kedro.datasets.SnapshotParquet, which is unknown, "
            "did you mean fruits_kedro.datasets.SnapshotParquetDataset? Nothing was started.",
        ),
        (
            "metrics: {type: fruits_kedro.datasets.JsonReportDataset, filpath: x}",
            "filepath of the catalog's metrics is None: give a folder or an s3:// URI.",
        ),
    ],
)
def test_a_wrong_entry_of_the_catalog_is_told(conf, entry, problem):
    (conf / "local" / "catalog.yml").write_text(entry + "\n")
    assert told(conf) == f"Wrong configuration: {problem}"


def test_an_unknown_global_is_told_with_the_nearest(conf):
    (conf / "local" / "globals.yml").write_text("storag: /x\n")
    assert "storag is unknown in globals.yml, did you mean storage?" in told(conf)


def test_a_setting_of_the_environment_counts(conf):
    (conf / "emr" / "spark.yml").write_text("spark.executor.memory: lots\n")
    check(conf)
    message = told(conf, "emr")
    assert "spark.executor.memory is 'lots': give a size such as 512m or 4g" in message


def test_all_problems_are_told_in_one_message(conf):
    (conf / "local" / "spark.yml").write_text("spark.drivr.memory: 4g\n")
    (conf / "local" / "globals.yml").write_text("storag: /x\n")
    (conf / "local" / "parameters.yml").write_text("reduction: {k: 0}\nsplit: {sed: 1}\n")
    message = told(conf, images="gs://x")
    assert message.startswith("Wrong configuration: ")
    for problem in ("spark.drivr.memory", "storag is", "reduction.k is 0", "split.sed", "gs://x"):
        assert message.count(problem) == 1, problem


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["images", "storage"])
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("gs://bucket/x", "is 'gs://bucket/x': give a folder or an s3:// URI"),
        ("https://host/x", "is 'https://host/x': give a folder or an s3:// URI"),
        ("s3:/bucket/x", "is 's3:/bucket/x': a URI begins with s3://"),
        ("file:x", "is 'file:x': a URI begins with file://"),
        ("s3://", "is 's3://': the bucket is missing"),
        ("s3:///x", "is 's3:///x': the bucket is missing"),
    ],
)
def test_a_place_that_nothing_can_open_is_told(conf, monkeypatch, name, place, problem):
    expected = f"Wrong parameters: {name} {problem}."
    assert told(conf, **{name: place}) == expected
    monkeypatch.setenv(f"FRUITS_{name.upper()}", place)
    assert told(conf) == expected


@pytest.mark.parametrize(
    "place", ["/photos/a:b", "relative", "~", "s3a://bucket/x", "file:///x", "a@b", "s3://b/a@b"]
)
def test_other_places_are_left_to_what_opens_them(conf, place):
    check(conf, images=place, storage=place)


def test_credentials_in_a_place_are_refused_and_not_repeated(conf):
    message = told(conf, images="s3://AKIAEXAMPLE:hush-hush@bucket/x")
    assert message.startswith("Wrong parameters: images holds a user or password")
    assert "hush" not in message
    assert "AKIA" not in message


# --- facts ---------------------------------------------------------------------------------------


def test_an_environment_adds_facts_and_replaces_single_ones(conf):
    own = "sources: {me: I}\nfruits: {Apple: {taste: [of apples, me]}}\n"
    (conf / "local" / "fruits.yml").write_text(own)
    check(conf)
    loader = FruitsConfigLoader(str(conf), **CONFIG_LOADER_ARGS)
    facts = loader["catalog"]["fruit_facts"]["content"]
    assert facts["fruits"]["Apple"]["taste"] == ["of apples", "me"]
    assert facts["fruits"]["Apple"]["family"] == ["Rosaceae", "POWO"]


def test_half_a_fact_is_told_with_the_other_problems(conf):
    (conf / "local" / "fruits.yml").write_text("fruits: {Quince: {taste: sour}}\n")
    message = told(conf, split={"seed": -1})
    assert "split.seed is -1" in message
    assert "fruits.Quince.taste in fruits.yml is 'sour'" in message
    assert "fruits.Quince.species in fruits.yml is missing" in message


def test_a_project_without_facts_is_right(conf):
    (conf / "base" / "fruits.yml").unlink()
    check(conf)
    loader = FruitsConfigLoader(str(conf), **CONFIG_LOADER_ARGS)
    assert loader["catalog"]["fruit_facts"]["content"] == {}
