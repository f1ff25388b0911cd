"""The one Spark session of a run, started when a node or dataset first needs it.

Settings come from ``conf/<env>/spark.yml`` through ``hooks.configuration``. Java takes seconds to
start, so commands that only read the pipelines do not start it.
"""

import logging
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fruits_kedro import FruitsError
from fruits_kedro.storage.s3 import shared_environment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)

APPLICATION = "fruits-kedro"

NOT_SET = "not-set"
"""Placeholder in ``conf`` for a master or place that the user has to name."""

_CHATTER = re.compile(
    rb"WARNING: ("
    rb"Using incubator modules: |"  # Java 17 and newer: Spark asks for jdk.incubator.vector
    rb".*sun\.misc\.Unsafe|.*java\.lang\.System::load|"  # Java 24 and newer: calls that Spark makes
    rb"A restricted method in java\.lang\.System |Use --enable-native-access=|"
    rb"Restricted methods will be blocked|Please consider reporting this to the maintainers)|"
    rb"INFO: Created TensorFlow Lite XNNPACK delegate"  # LiteRT, once in each Python worker
)
"""Lines that Java and LiteRT print at every start; they have no option to turn them off."""

_settings: dict[str, str] = {}
_java: list[Any] = []
"""Gateway to the JVM that this process started; empty before."""


def configure(settings: Mapping[str, Any]) -> None:
    """Store settings by Spark's own names, without starting it; None leaves a name unset."""
    _settings.clear()
    _settings.update({name: _text(value) for name, value in settings.items() if value is not None})


def setting_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """Name each setting that Spark would ignore or cannot read, one sentence each.

    Values are not shown, because one may be a secret.
    """
    for name, value in settings.items():
        if not str(name).startswith("spark."):
            yield f"{name} is no Spark setting, whose names begin with 'spark.'"
        elif value is not None and not isinstance(value, str | int | float):
            yield f"{name} is a {type(value).__name__}: give text, a number, true or false"
    if settings.get("spark.master") == NOT_SET:
        yield "spark.master is 'not-set': give a master such as --params=master=spark://host:7077"


def get_spark() -> "SparkSession":
    """The running session, or a new one with the configured settings.

    Raises FruitsError if PySpark or Java is missing, or Java does not start.
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
    on_interrupt = signal.getsignal(signal.SIGINT)
    master = _settings.get("spark.master", "its default master")
    if not master.startswith("local"):  # a master that does not answer is waited for
        logger.info("Starting Spark at %s", master)
    try:
        session = _start()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, on_interrupt)  # SparkContext replaced the handler
    except Exception as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise FruitsError(
            f"Spark did not start at {master} ({first}): check that a master answers there, "
            "conf/<env>/spark.yml, and that `java -version` says 17 or newer."
        ) from error
    logger.info("Spark %s is running at %s", session.version, session.sparkContext.master)
    return session


def _start() -> "SparkSession":
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    # Executors use the S3 endpoint and region of the driver.
    servers = {f"spark.executorEnv.{k}": v for k, v in shared_environment().items()}
    settings = servers | _settings
    # Under spark-submit, or after a stopped session, a JVM is running already.
    if "PYSPARK_GATEWAY_PORT" not in os.environ and not _java:
        # Local workers run the driver's interpreter; a cluster configures its own.
        if settings.get("spark.master", "local").startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            # Otherwise Spark warns if the host name is a loopback address.
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        conf = SparkConf().setAppName(APPLICATION).setAll(list(settings.items()))
        _java.append(_start_java(conf))
        SparkContext(conf=conf, gateway=_java[0])
    builder = SparkSession.builder.appName(APPLICATION)
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _start_java(conf: Any) -> Any:
    """Start the JVM and forward its standard error line by line, without ``_CHATTER``.

    ``launch_gateway`` documents ``popen_kwargs`` for this. If a later PySpark drops it, start the
    session by ``SparkSession.builder`` alone: only the chatter comes back.
    """
    from pyspark.java_gateway import launch_gateway

    lines, java = os.pipe()
    threading.Thread(target=_pass_on, args=(lines,), name="java-stderr", daemon=True).start()
    try:
        return launch_gateway(conf, popen_kwargs={"stderr": java})  # type: ignore[no-untyped-call]
    finally:
        os.close(java)


def _pass_on(source: int) -> None:
    with open(source, "rb", buffering=0) as lines:
        for line in lines:
            if not _CHATTER.match(line):
                os.write(2, line)


def _require_java() -> None:
    places = [os.path.join(os.environ.get("JAVA_HOME", ""), "bin"), os.environ.get("PATH", "")]
    if shutil.which("java", path=os.pathsep.join(places)) is None:
        raise FruitsError("Spark needs Java 17 or newer and none was found: install a JDK 17.")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
