"""How Python and Spark reach S3: the standard AWS environment, read in one place."""

import os
from typing import Any

SCHEMES = ("s3", "s3a", "s3n")

_ATTEMPTS = 5
"""Tries of one request: a second or two apart, then the error counts. s3fs tries a broken
connection as often again."""

_SHARED = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_MAX_ATTEMPTS",
    "AWS_RETRY_MODE",
)
"""Variables that hold no secret, and have to be the same on every machine of a run."""


def is_s3(uri: str) -> bool:
    """Whether a URI is of S3."""
    return uri.partition("://")[0] in SCHEMES and "://" in uri


def endpoint() -> str | None:
    """Another server than AWS's, where the environment names one."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def region() -> str | None:
    """The region of the environment; that of a profile is each client's own to read."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def shared_environment() -> dict[str, str]:
    """What executors need to reach the same S3; credentials each machine finds by itself."""
    return {name: os.environ[name] for name in _SHARED if os.environ.get(name)}


def client_options(uri: str) -> dict[str, Any]:
    """Arguments of the fsspec filesystem of ``uri``; none but for S3.

    Listings are not kept: what another process has written since must be seen.
    """
    if not is_s3(uri):
        return {}
    config: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60}
    if not {"AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"} & os.environ.keys():
        config["retries"] = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    if endpoint():
        config["s3"] = {"addressing_style": "path"}
    named = {"region_name": region()} if region() else {}
    return {
        "use_listings_cache": False,
        # More would ask for the size of each object before it is read, by a request of its own.
        "max_concurrency": 1,
        "client_kwargs": named,
        "config_kwargs": config,
    }
