"""S3 through fsspec: options from the standard AWS environment, refusals, unfinished uploads."""

import logging
import os
from typing import Any

import fsspec

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Attempts per request, a second or two apart. s3fs repeats a broken connection as often again."""

_SHARED = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_MAX_ATTEMPTS",
    "AWS_RETRY_MODE",
)
"""Environment variables that hold no secret and must be equal on all machines of a run."""

_CREDENTIALS = {
    (
        "ExpiredToken",
        "token has expired",
        "TokenRefreshRequired",
        "security token included in the request is expired",
        # The answer to a HEAD has no text.
        "(400) when calling the HeadObject operation",
    ): (
        "The AWS credentials have expired: renew them where they come from (environment, profile "
        "or role), then run again; committed work is kept."
    ),
    (
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "Unable to locate credentials",
        "access key ID you provided does not exist",
        "Access Key Id you provided does not exist",
        "signature we calculated does not match",
    ): (
        "AWS rejected the credentials of this run, or none were found: check the standard AWS "
        "environment, profile or role, on this machine and on the cluster's."
    ),
}
_ACCESS = {
    ("NoSuchBucket", "bucket does not exist"): (
        "The bucket does not exist: check its name, the region, and AWS_ENDPOINT_URL if it is set."
    ),
    ("AccessDenied", "Access Denied", "Access denied", "Forbidden"): (
        "S3 denied access: the credentials of this run need s3:ListBucket and s3:GetObject on the "
        "photographs, and s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the storage "
        "as well; committed work is kept."
    ),
}


def is_s3(uri: str) -> bool:
    """Whether a URI names something on S3."""
    return uri.startswith(("s3://", "s3a://", "s3n://"))


def shared_environment() -> dict[str, str]:
    """Variables that executors need to reach the driver's S3; credentials are not among them."""
    return {name: os.environ[name] for name in _SHARED if os.environ.get(name)}


def client_options(uri: str) -> dict[str, Any]:
    """Arguments of the fsspec filesystem of ``uri``; empty except for S3.

    Listings are not cached, so files written by other processes are seen.
    """
    if not is_s3(uri):
        return {}
    config: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60}
    if not {"AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"} & os.environ.keys():
        config["retries"] = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    if os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        config["s3"] = {"addressing_style": "path"}
    # The region of a profile is read by the client itself.
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return {
        "use_listings_cache": False,
        # A larger number makes s3fs ask for the size of each object first, in a separate request.
        "max_concurrency": 1,
        "client_kwargs": {"region_name": region} if region else {},
        "config_kwargs": config,
    }


def credentials_problem(text: str) -> str | None:
    """The sentence for an error that all further requests would raise too, or None."""
    return _first(text, _CREDENTIALS)


def s3_problem(text: str) -> str | None:
    """The sentence for an S3 error that a client's message contains, or None."""
    return _first(text, _CREDENTIALS | _ACCESS)


def _first(text: str, sentences: dict[tuple[str, ...], str]) -> str | None:
    found = (sentence for signs, sentence in sentences.items() if any(s in text for s in signs))
    return next(found, None)


def abort_unfinished_uploads(uri: str) -> None:
    """Abort unfinished multipart uploads below a folder on S3, at most a thousand.

    They are invisible and cost money. Call this only while no other run writes there.
    """
    fs, root = fsspec.core.url_to_fs(uri, **client_options(uri))
    bucket, _, key = root.partition("/")
    prefix = f"{key.rstrip('/')}/" if key else ""
    try:
        found = fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
        for upload in found.get("Uploads", []):
            named = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
            fs.call_s3("abort_multipart_upload", **named)
    except PermissionError as error:  # not fatal: a rule of the bucket removes them as well
        logger.warning(
            "Unfinished uploads below %s could not be listed (%s): give the run "
            "s3:ListBucketMultipartUploads and s3:AbortMultipartUpload",
            uri,
            error,
        )
