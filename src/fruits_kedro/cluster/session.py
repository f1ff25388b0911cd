"""The one Spark session of a run, started when something first needs it.

Settings come from ``conf/<env>/spark.yml`` through ``hooks.spark``; starting a JVM costs seconds,
which commands that only read the pipelines must not pay.
"""

import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.cluster.s3a import s3a_settings
from fruits_kedro.cluster.spark_settings import as_text
from fruits_kedro.storage.heavy_types import SparkSession
from fruits_kedro.storage.quiet import without_java_greetings

logger = logging.getLogger(__name__)

_JARS = "spark.jars"

_settings: dict[str, str] = {}
_places: list[str] = []


def configure(settings: Mapping[str, Any], places: Iterable[str] = ()) -> None:
    """Remember the settings of the session to come; starts nothing.

    Args:
        settings: Spark's own names (``spark.master``, …) to values; None leaves a name unset.
        places: Folders and URIs of the run, which may need settings of their own.
    """
    _settings.clear()
    _places[:] = places
    named = {name: as_text(value) for name, value in settings.items() if value is not None}
    _settings.update(named)


def get_spark() -> SparkSession:
    """The running session, or a new one with the configured settings.

    Raises:
        FruitsError: Where PySpark or Java is missing, the JVM does not start, or what it needs for
            S3 cannot be fetched.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise FruitsError(
            "PySpark is not installed here: install the extra 'local' (make run does), or start "
            "the job with spark-submit on a cluster that brings its own."
        ) from error
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    _require_java()
    # Workers of a local master run the interpreter of the driver; a cluster names its own.
    if "PYSPARK_GATEWAY_PORT" not in os.environ and _is_local():
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # Else Spark warns where a laptop's host name is a loopback address.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("fruits-kedro")
    for name, value in _all_settings().items():
        builder = builder.config(name, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        with without_java_greetings():
            session = builder.getOrCreate()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, on_interrupt)  # SparkContext puts its own in its place
    except Exception as error:
        raise FruitsError(
            f"Spark did not start ({_first_line(error)}): check conf/<env>/spark.yml and that "
            "`java -version` says 17 or newer."
        ) from error
    logger.info("Spark %s is running at %s", session.version, session.sparkContext.master)
    return session


def _is_local() -> bool:
    """Spark takes this machine where no master is named; spark-submit names one by itself."""
    return _settings.get("spark.master", "local").startswith("local")


def _all_settings() -> dict[str, str]:
    """What is configured comes before what the places of the run need; jars are added up."""
    needed = s3a_settings(_places)
    both = needed | _settings
    jars = [known[_JARS] for known in (_settings, needed) if known.get(_JARS)]
    return both | ({_JARS: ",".join(jars)} if jars else {})


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and os.path.exists(os.path.join(home, "bin", "java")):
        return
    if shutil.which("java") is None:
        raise FruitsError("Spark needs Java 17 or newer and none was found: install a JDK 17.")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
