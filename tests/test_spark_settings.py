"""Spark settings: what is shipped is right, what Spark would ignore or refuse is told."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fruits_kedro.cluster.spark_settings import setting_problems

CONF = Path(__file__).resolve().parents[1] / "conf"


def problems(**settings: Any) -> list[str]:
    return list(setting_problems({name.replace("__", "."): v for name, v in settings.items()}))


@pytest.mark.parametrize("environment", ["base", "emr"])
def test_the_shipped_settings_are_right(environment):
    settings = yaml.safe_load((CONF / environment / "spark.yml").read_text())
    assert settings
    assert list(setting_problems(settings)) == []


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("spark.drivr.memory", "spark.driver.memory"),
        ("spark.sql.shufle.partitions", "spark.sql.shuffle.partitions"),
        ("spark.ui.enable", "spark.ui.enabled"),
        ("spark.executor.memry", "spark.executor.memory"),
        ("spark.mastr", "spark.master"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(name, nearest):
    found = list(setting_problems({name: None}))
    assert found == [f"{name} is unknown to Spark, did you mean {nearest}?"]


@pytest.mark.parametrize(
    "name",
    [
        "spark.app.name",
        "spark.local.dir",
        "spark.hadoop.fs.s3a.endpoint",
        "spark.executorEnv.OMP_NUM_THREADS",
        "spark.emr.default.executor.memory",
        "spark.yarn.heterogeneousExecutors.enabled",
        "spark.stage.attempt.ignoreOnDecommissionFetchFailure",
        "spark.driver.defaultJavaOptions",
    ],
)
def test_settings_of_vendors_and_of_other_programs_are_left_alone(name):
    assert list(setting_problems({name: "x"})) == []


def test_a_name_of_something_else_is_told():
    assert problems(driver_memory="4g") == [
        "driver_memory is no Spark setting, whose names begin with 'spark.', did you mean "
        "spark.driver.memory?"
    ]
    [text] = list(setting_problems({"xyzzy": 1}))
    assert text == "xyzzy is no Spark setting, whose names begin with 'spark.'"


RIGHT = {
    "spark.ui.enabled": [True, False, "true", "FALSE"],
    "spark.sql.shuffle.partitions": [200, "200"],
    "spark.driver.memory": ["4g", "4G", "512m", "2gb", 1024, "1024"],
    "spark.network.timeout": ["120s", "2min", 120, "1h"],
    "spark.memory.fraction": [0.6, "0.6", 1, ".5", "1e-1"],
    "spark.sql.parquet.compression.codec": ["zstd", "ZSTD", "snappy"],
    "spark.master": ["local", "local[*]", "local[2,4]", "local[*,4]", "yarn", "spark://a:7077"],
}
WRONG = {
    "spark.ui.enabled": (["yes", 1, ""], "true or false"),
    "spark.sql.shuffle.partitions": ([2.5, "many", "8 8", True], "a whole number"),
    "spark.driver.memory": (["4gg", "0.5g", "much", "-1g", False], "a size such as 512m or 4g"),
    "spark.network.timeout": (["soon", "1.5h", "3 weeks"], "a time such as 30s or 5min"),
    "spark.memory.fraction": (["half", "0,6"], "a number"),
    "spark.sql.parquet.compression.codec": (["zip"], "one of "),
    "spark.master": (["lokal", "local[x]", "here"], "a master such as "),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_value_that_spark_can_read_is_right(name):
    assert [p for value in RIGHT[name] for p in setting_problems({name: value})] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_spark_cannot_read_is_shown_with_what_it_takes(name):
    values, meaning = WRONG[name]
    for value in values:
        [text] = setting_problems({name: value})
        assert text.startswith(f"{name} is {value!r}: give {meaning}")


def test_no_value_leaves_a_setting_unset():
    assert list(setting_problems(dict.fromkeys(RIGHT))) == []


@pytest.mark.parametrize("value", [["4g"], {"a": 1}])
def test_a_list_is_no_value(value):
    [text] = setting_problems({"spark.app.name": value})
    assert text == f"spark.app.name is {value!r}: give text, a number, true or false"


@pytest.mark.parametrize(
    "name", ["spark.hadoop.fs.s3a.secret.key", "spark.ssl.keyPassword", "spark.x.access.key"]
)
def test_the_value_of_a_secret_is_not_shown(name):
    [text] = setting_problems({name: ["hush-hush"]})
    assert text == f"{name} is set: give text, a number, true or false"
