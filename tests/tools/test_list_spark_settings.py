"""The list of Spark's settings is the installed Spark's."""

import importlib.util
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "list_spark_settings.py"
spec = importlib.util.spec_from_file_location("list_spark_settings", TOOL)
assert spec is not None
assert spec.loader is not None
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_the_list_is_that_of_the_installed_spark(spark):
    """Run ``tools/list_spark_settings.py`` after PySpark changed."""
    found = tool.read_settings(spark.sparkContext._jvm)
    shipped = dict(line.split("\t") for line in tool.FILE.read_text().splitlines())
    # Parts of Spark that are loaded later register settings of their own.
    assert {name: found.get(name) for name in shipped} == shipped
    assert shipped["spark.driver.memory"] == "size"
