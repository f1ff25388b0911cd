"""The end of a job's log, from where EMR puts it in the bucket."""

import gzip
import re
from collections.abc import Iterator

from fruits_kedro.cluster.emr.aws import Account, AwsError, pages

LINES = 40
_TRIES, _SECONDS_BETWEEN = 20, 20
"""EMR on EC2 copies logs every five minutes."""
_DRIVER = ("SPARK_DRIVER/stdout", "SPARK_DRIVER/stderr", "stdout", "stderr", "controller")
"""What tells most comes first: the run's own lines, then what Spark and EMR say."""


def log_tail(account: Account, bucket: str, prefix: str, lines: int = LINES) -> str:
    """The last lines of each log of a job.

    Args:
        account, bucket: Where.
        prefix: ``Jobs.log_prefix``.
        lines: Of each log, at most.

    Returns:
        Text for a person; empty where EMR has not written a log yet.
    """
    texts = dict(_logs(account, bucket, prefix))
    for application in sorted(set(re.findall(r"application_\d+_\d+", "\n".join(texts.values())))):
        # With the driver on the cluster its log is that of the first container of YARN.
        containers = f"{prefix.split('/steps/')[0]}/containers/{application}/"
        texts |= {
            name: text
            for name, text in _logs(account, bucket, containers)
            if "_000001/" in name and "/steps/" in prefix
        }
    tails = [
        f"--- s3://{bucket}/{name}\n" + "\n".join(text.splitlines()[-lines:])
        for name, text in texts.items()
        if text.strip()
    ]
    return "\n".join(tails)


def awaited_log(account: Account, bucket: str, prefix: str) -> str:
    """``log_tail`` of a job that has just ended, for whose log EMR takes a few minutes."""
    for _ in range(_TRIES):
        text = log_tail(account, bucket, prefix)
        if text:
            return text
        account.wait(_SECONDS_BETWEEN)
    return no_log(bucket, prefix)


def no_log(bucket: str, prefix: str) -> str:
    """What to say where there is none."""
    return (
        f"There is no log at s3://{bucket}/{prefix} yet: EMR writes them every few minutes, "
        "kedro emr logs shows them then."
    )


def _logs(account: Account, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    found = [
        entry["Key"]
        for answer in pages(account, "s3", "list_objects_v2", Bucket=bucket, Prefix=prefix)
        for entry in answer.get("Contents", [])
    ]
    for name in sorted(filter(_is_wanted, found), key=_order, reverse=True):
        try:
            body = account.call("s3", "get_object", Bucket=bucket, Key=name)["Body"].read()
        except AwsError as error:
            if error.code == "NoSuchKey":
                continue
            raise
        content = gzip.decompress(body) if name.endswith(".gz") else body
        yield name, content.decode(errors="replace")


def _is_wanted(name: str) -> bool:
    return "SPARK_EXECUTOR" not in name and _order(name) < len(_DRIVER)


def _order(name: str) -> int:
    plain = name.removesuffix(".gz")
    return next((n for n, end in enumerate(_DRIVER) if plain.endswith(end)), len(_DRIVER))
