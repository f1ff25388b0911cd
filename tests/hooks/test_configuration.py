"""Whatever is wrong in ``conf/`` is said in one message, before anything starts."""

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sentences import sentence_of

from fruits_kedro.hooks import configuration
from fruits_kedro.hooks.configuration import FruitsConfigLoader, check_configuration
from fruits_kedro.settings import CONFIG_LOADER_ARGS


@pytest.fixture
def conf(project, tmp_path, monkeypatch) -> Path:
    """A copy of the project's configuration."""
    for name in [name for name in os.environ if name.startswith(("FRUITS_", "KEDRO_"))]:
        monkeypatch.delenv(name)
    shutil.copytree(project / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    (tmp_path / "conf" / "local").mkdir()
    return tmp_path / "conf"


def loader(conf: Path | str, env: str | None = None, **runtime_params: Any) -> FruitsConfigLoader:
    arguments = {"env": env, "runtime_params": runtime_params, **CONFIG_LOADER_ARGS}
    return FruitsConfigLoader(str(conf), **arguments)


def problem(conf: Path | str, env: str | None = None, **runtime_params: Any) -> str:
    """The one sentence that a wrong configuration is refused with."""
    return sentence_of(lambda: check_configuration(loader(conf, env, **runtime_params)))


@pytest.mark.parametrize("environment", [None, "emr", "base"])
def test_the_shipped_configuration_is_right(conf, environment):
    check_configuration(loader(conf, environment))


# --- environments --------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "hint"), [("eemr", "did you mean emr?"), ("zzz", "zzz")])
def test_an_unknown_environment_is_refused_with_the_known_ones(conf, name, hint):
    message = problem(conf, name)
    assert hint in message
    assert "base, cluster, emr, local" in message


def test_an_environment_is_added_by_the_folder_that_the_documents_show(conf, project):
    text = (project / "docs" / "extending.md").read_text()
    for name, content in re.findall(r"```yaml\n# conf/(\S+)\n(.*?)```", text, re.S):
        (conf / name).parent.mkdir(exist_ok=True)
        (conf / name).write_text(content)
    ours = loader(conf, "cluster-of-ours")
    check_configuration(ours)
    assert ours["catalog"]["metrics"]["filepath"].startswith("s3://our-bucket/fruits/")
    assert ours["spark"]["spark.master"] == "spark://master.ours:7077"
    assert ours["spark"]["spark.driver.host"] is None
    assert ours["globals"]["tracking"] == "http://mlflow.ours:5000"


def test_a_wheel_without_configuration_says_where_to_get_one(tmp_path):
    assert "--conf-source" in problem(tmp_path / "conf")


# --- files ---------------------------------------------------------------------------------------

BROKEN = {
    "an open bracket": b"spark.master: [local\n",
    "a list": b"- spark.master\n",
    "no text": b"\xff\xfe\x00",
    "an unknown interpolation": b"spark.master: ${nothing}\n",
    "an unknown resolver": b"spark.master: ${oc.env:HOME}\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_read_is_named(conf, kind):
    (conf / "local" / "spark.yml").write_bytes(BROKEN[kind])
    assert "conf/base/spark*.yml or conf/local/spark*.yml" in problem(conf)


def test_a_parameter_in_two_files_is_a_problem(conf):
    for name in ("parameters_a", "parameters_b"):
        (conf / "local" / f"{name}.yml").write_text("split: {seed: 1}\n")
    assert "split.seed" in problem(conf)


@pytest.mark.parametrize(
    ("name", "entry", "hint"),
    [
        ("zzz", 5, "no type"),
        ("zzz", {"type": "fruits_kedro.datasets.JsonReportDatase"}, "JsonReportDataset?"),
    ],
)
def test_a_wrong_entry_of_the_catalog_is_a_problem(name, entry, hint):
    [text] = configuration.catalog_problems({name: entry})
    assert name in text
    assert hint in text


def test_a_setting_of_the_environment_counts(conf):
    (conf / "mine").mkdir()
    check_configuration(loader(conf, "mine"))
    (conf / "mine" / "spark.yml").write_text("spark.executor.memory: [lots]\n")
    check_configuration(loader(conf))
    assert "spark.executor.memory" in problem(conf, "mine")


def test_all_problems_are_in_one_message(conf):
    (conf / "local" / "spark.yml").write_text("sparc.driver.memory: 4g\n")
    (conf / "local" / "globals.yml").write_text("storag: /x\n")
    (conf / "local" / "parameters.yml").write_text("reduction: {k: 0}\nsplit: {sed: 1}\n")
    (conf / "local" / "fruits.yml").write_text("fruits: {Quince: {taste: sour}}\n")
    message = problem(conf, images="gs://x", tracking="ftp://x")
    assert "did you mean storage?" in message
    parts = ("sparc.driver.memory", "storag is", "reduction.k is 0", "split.sed", "gs://x")
    for part in (*parts, "fruits.Quince.taste", "ftp://x"):
        assert message.count(part) == 1, part


# --- places --------------------------------------------------------------------------------------


def place_problems(place: str | None, name: str = "images") -> list[str]:
    entries = {"raw_images": {"filepath": "/photos"}, "metrics": {"filepath": "/data"}}
    if name == "images":
        entries["raw_images"] = {"filepath": place}
    else:
        entries["metrics"] = {
            "filepath": place if place is None else f"{place}/08_reporting/metrics.json"
        }
    return list(configuration.place_problems(entries))


PLACES = {
    **dict.fromkeys(("", "None", "gs://bucket/x", "https://host/x"), "s3:// URI"),
    **dict.fromkeys(("s3:/bucket/x", "file:x", "s3://", "s3:///x"), "s3:// URI"),
    **dict.fromkeys(("/photos/a:b", "é", "~", "a@b", "file:///x", "s3a://b/x", "s3://b/a@b")),
    None: "s3:// URI",  # a misspelt filepath
    "/photos/\udcff": "LC_ALL",
    "s3://AKIAEXAMPLE:hush-hush@bucket/x": "remove them",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_nothing_can_open_is_a_problem_and_no_other(place):
    for name in ("images", "storage"):
        text = " ".join(place_problems(place, name))
        assert bool(text) == bool(PLACES[place])
        assert (PLACES[place] or "") in text
        assert "hush" not in text


def test_a_locale_that_cannot_encode_a_place_is_a_problem(monkeypatch):
    monkeypatch.setattr(configuration.os, "fsencode", lambda text: text.encode("ascii"))
    assert "LC_ALL" in place_problems("/données", "storage")[0]
    assert place_problems("/data", "storage") == []


def test_a_name_that_a_terminal_cannot_show_costs_no_line_of_the_log(project, monkeypatch):
    reconfigured = []
    stream = SimpleNamespace(reconfigure=lambda **how: reconfigured.append(how))
    monkeypatch.setattr(sys, "stdout", stream)
    context = SimpleNamespace(config_loader=loader(project / "conf"))
    configuration.ConfigurationHooks().after_context_created(context)
    assert {"errors": "backslashreplace"} in reconfigured


# --- facts ---------------------------------------------------------------------------------------


def test_an_environment_adds_facts_and_replaces_single_ones_and_there_may_be_none(conf):
    own = "sources: {me: I}\nfruits: {Apple: {taste: [of apples, me]}}\n"
    (conf / "local" / "fruits.yml").write_text(own)
    ours = loader(conf)
    check_configuration(ours)
    facts = ours["catalog"]["fruit_facts"]["content"]
    assert facts["fruits"]["Apple"]["taste"] == ["of apples", "me"]
    assert facts["fruits"]["Apple"]["family"] == ["Rosaceae", "POWO"]
    for file in conf.glob("*/fruits*.yml"):
        file.unlink()
    without = loader(conf)
    check_configuration(without)
    assert without["catalog"]["fruit_facts"]["content"] == {}
