"""Uploads that were begun and never completed: nobody sees them, and they are paid for."""

import logging
from collections.abc import Iterator
from typing import Any

from fruits_kedro.storage.files import filesystem

logger = logging.getLogger(__name__)


def abort_unfinished_uploads(uri: str) -> int:
    """Abort every unfinished multipart upload below ``uri``, which nobody else may be writing to.

    Args:
        uri: A folder on S3, never a whole bucket's worth of others: only keys below it.

    Returns:
        How many there were.
    """
    fs, root = filesystem(uri)
    bucket, _, key = root.partition("/")
    count = 0
    try:
        for upload in _uploads(fs, bucket, f"{key.rstrip('/')}/" if key else ""):
            fs.call_s3(
                "abort_multipart_upload",
                Bucket=bucket,
                Key=upload["Key"],
                UploadId=upload["UploadId"],
            )
            count += 1
    except PermissionError as error:  # a lifecycle rule of the bucket ends them as well
        logger.warning(
            "Unfinished uploads below %s cannot be looked for (%s): give the run "
            "s3:ListBucketMultipartUploads and s3:AbortMultipartUpload",
            uri,
            error,
        )
    return count


def _uploads(fs: Any, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    marker: dict[str, str] = {}
    while True:
        page = fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix, **marker)
        yield from page.get("Uploads", [])
        if not page.get("IsTruncated"):
            return
        marker = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
