"""List Spark's settings with the kind of value each takes, as Spark itself knows them.

``src/fruits_kedro/spark_settings.tsv`` is written by this tool from the installed PySpark, so that
``conf/<env>/spark.yml`` can be checked before a JVM starts:

    .venv/bin/python tools/list_spark_settings.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "src" / "fruits_kedro" / "spark_settings.tsv"
REGISTRIES = [
    "org.apache.spark.deploy.k8s.Config$",
    "org.apache.spark.deploy.yarn.config.package$",
    *(
        f"org.apache.spark.internal.config.{name}$"
        for name in (
            *("Deploy", "History", "Kryo", "Network", "Python", "R"),
            *("Status", "Streaming", "UI", "Worker", "package"),
        )
    ),
    "org.apache.spark.sql.hive.HiveUtils$",
    "org.apache.spark.sql.internal.SQLConf$",
    "org.apache.spark.sql.internal.StaticSQLConf$",
]
"""Scala objects that hold Spark's settings; a setting is known once its object is loaded."""

NO_VALUE = "no value"
COMPLAINTS = {
    "should be boolean": "boolean",
    "should be int": "int",
    "should be long": "long",
    "should be double": "double",
    "Size must be specified": "size",
    "Time must be specified": "time",
}
"""What Spark answers to a value of the wrong kind."""


def read_settings(jvm: Any) -> dict[str, str]:
    """Kind of every setting by its name: boolean, int, long, double, size, time, text, or the
    choices with ``|`` between them.

    Args:
        jvm: PySpark's view of a Java machine.
    """
    find = jvm.java.lang.Class.forName
    for name in REGISTRIES:
        find(name)
    entry = find("org.apache.spark.internal.config.ConfigEntry$")
    known = entry.getDeclaredField("knownConfigs")
    known.setAccessible(True)
    entries = known.get(entry.getField("MODULE$").get(None))
    return {name: _kind(entries[name]) for name in sorted(entries)}


def _kind(entry: Any) -> str:
    try:
        entry.valueConverter().apply(NO_VALUE)
    except Exception as error:  # py4j's, or PySpark's once it has a session
        text = str(getattr(error, "java_exception", error))
        choices = re.search(r"should be one of (.+), but was", text, re.DOTALL)
        if choices:
            return "|".join(choices[1].split(", "))
        return next((kind for sign, kind in COMPLAINTS.items() if sign in text), "text")
    return "text"


def lines(settings: dict[str, str]) -> Iterator[str]:
    """The file's lines."""
    for name, kind in settings.items():
        yield f"{name}\t{kind}\n"


def main() -> None:
    """Write the file."""
    from pyspark.java_gateway import launch_gateway

    gateway = launch_gateway()  # type: ignore[no-untyped-call]
    try:
        FILE.write_text("".join(lines(read_settings(gateway.jvm))))
    finally:
        gateway.shutdown()


if __name__ == "__main__":
    main()
