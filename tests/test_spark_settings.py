"""The Spark session: its settings, its start, and what of Java's messages reaches a user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fruits_kedro.cluster.session import setting_problems

ROOT = Path(__file__).resolve().parents[1]
START = """
import os
from kedro.config import OmegaConfigLoader
from fruits_kedro.settings import CONFIG_LOADER_ARGS
from fruits_kedro.cluster.session import configure, get_spark

configure(OmegaConfigLoader("conf", **CONFIG_LOADER_ARGS)["spark"] | {"spark.master": "local[1]"})

def work(batches):
    os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\na worker speaks\\n")
    yield from batches

spark = get_spark()
rows = spark.range(3).mapInArrow(work, "id long").count()
options = spark.sparkContext.getConf().get("spark.driver.extraJavaOptions")
spark.stop()
again = get_spark()
print(rows, again.range(4).count(), again.conf.get("spark.sql.session.timeZone"), options)
"""


@pytest.mark.parametrize("environment", ["base", "emr"])
def test_the_shipped_settings_are_right(environment):
    settings = yaml.safe_load((ROOT / "conf" / environment / "spark.yml").read_text())
    assert settings
    assert list(setting_problems(settings)) == []


@pytest.mark.parametrize(
    ("name", "value", "is_right"),
    [
        *(("spark.x.y", value, True) for value in (None, "4g", 200, 0.6, True)),
        ("driver_memory", "4g", False),
        ("spark.app.name", ["a"], False),
        ("spark.ssl.keyPassword", {"hush": 1}, False),
        ("spark.master", "not-set", False),
    ],
)
def test_what_spark_would_ignore_or_cannot_read_is_named(name, value, is_right):
    problems = list(setting_problems({name: value}))
    assert [problem.split(" is ")[0] for problem in problems] == [name] * (not is_right)
    assert "hush" not in "".join(problems)


def test_spark_starts_in_a_folder_with_spaces_and_accents_and_without_chatter(tmp_path):
    """Java options hold the paths of the package and of the virtual environment."""
    folder = tmp_path / "a b é"
    folder.mkdir()
    for name, target in (("src", ROOT / "src"), ("conf", ROOT / "conf"), (".venv", sys.prefix)):
        (folder / name).symlink_to(target)
    result = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-c", START],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    last = result.stdout.splitlines()[-1]
    assert last.startswith("3 4 UTC ")
    assert last.count(str(folder)) == 2
    assert result.stderr == "a worker speaks\n"
