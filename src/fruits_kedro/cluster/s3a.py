"""Spark's settings for S3: by S3A, without renames, to the server that Python talks to."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from fruits_kedro.cluster.jars import s3a_jars
from fruits_kedro.storage.s3_client import endpoint, is_s3, region, shared_environment

_EMR = "/usr/share/aws/emr"
"""Where EMR keeps its own S3 connector, on EC2 as in the images of EMR Serverless."""

_HADOOP = "spark.hadoop."

_WITHOUT_RENAME = {
    "spark.hadoop.fs.s3a.committer.name": "magic",
    "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a": (
        "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"
    ),
    "spark.sql.parquet.output.committer.class": (
        "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
    ),
    "spark.sql.sources.commitProtocolClass": (
        "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"
    ),
}
"""S3 has no rename: each file is an upload that only the job's commit completes.

Source: https://hadoop.apache.org/docs/r3.4.1/hadoop-aws/tools/hadoop-aws/committers.html
"""


def s3a_settings(places: Iterable[str]) -> dict[str, str]:
    """What Spark has to be told to read and write ``places``; nothing where none is on S3.

    EMR brings a connector and a committer of its own, which are left alone.

    Args:
        places: Local folders or URIs.

    Raises:
        FruitsError: Where the jars are needed and cannot be fetched.
    """
    if on_emr() or not any(map(is_s3, places)):
        return {}
    workers = {f"spark.executorEnv.{k}": v for k, v in shared_environment().items()}
    return _WITHOUT_RENAME | _server() | workers | _jars()


def on_emr() -> bool:
    """Whether this machine is one of EMR's."""
    return os.path.isdir(_EMR)


def _server() -> dict[str, str]:
    settings = {
        # The environment, a profile, a web identity, a container's or a machine's role.
        "fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
        # A part's folder is new and its own: nothing has to be looked for before it is written.
        "fs.s3a.performance.flags": "create,mkdir,delete",
    }
    named = region()
    url = endpoint()
    if url:
        settings["fs.s3a.endpoint"] = url
        settings["fs.s3a.path.style.access"] = "true"
        settings["fs.s3a.connection.ssl.enabled"] = str(url.startswith("https://")).lower()
        named = named or "us-east-1"
    if named:
        settings["fs.s3a.endpoint.region"] = named
    return {_HADOOP + name: value for name, value in settings.items()}


def _jars() -> dict[str, str]:
    """None for a Spark of somebody's own making, or one that was started before Python was."""
    if "PYSPARK_GATEWAY_PORT" in os.environ or _brings_s3a():
        return {}
    return {"spark.jars": ",".join(map(str, s3a_jars()))}


def _brings_s3a() -> bool:
    found = find_spec("pyspark")
    home = os.environ.get("SPARK_HOME") or str(Path(str(found and found.origin)).parent)
    jars = Path(home) / "jars"
    return not jars.is_dir() or any(jars.glob("hadoop-aws-*.jar"))
