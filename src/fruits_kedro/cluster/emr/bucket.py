"""The bucket of a stack: whose it is, what is sent there, and how it is emptied."""

from collections.abc import Iterable

import click

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.aws import Account, AwsError, pages
from fruits_kedro.cluster.emr.package import ENVIRONMENT, PROJECT, Package
from fruits_kedro.cluster.emr.stack import TAGS

_KEYS_PER_CALL = 1000


def default_bucket(account: Account) -> str:
    """A name that no other account has."""
    owner = account.call("sts", "get_caller_identity")["Account"]
    return f"fruits-kedro-{owner}-{account.region}".lower()


def is_kept(account: Account, bucket: str) -> bool:
    """Whether the bucket was kept by ``kedro emr down``; False where there is none.

    Raises:
        FruitsError: Where it is somebody else's, or not of this project.
    """
    try:
        account.call("s3", "head_bucket", Bucket=bucket)
        tags = account.call("s3", "get_bucket_tagging", Bucket=bucket)["TagSet"]
    except AwsError as error:
        if error.code in ("404", "NoSuchBucket"):
            return False
        if error.code == "NoSuchTagSet":
            tags = []
        elif error.code in ("403", "301", "AccessDenied"):
            raise FruitsError(
                f"The bucket {bucket} belongs to another account, or lies in another region than "
                f"{account.region}: choose another name with --bucket."
            ) from error
        else:
            raise
    if TAGS[0] not in tags:
        raise FruitsError(
            f"The bucket {bucket} exists and is not of this project: choose another name with "
            "--bucket."
        )
    return True


def send_project(account: Account, bucket: str, package: Package) -> str:
    """Have the project in the bucket; returns the URI of its folder there."""
    return _send(account, bucket, "packages", package, PROJECT, package.names(PROJECT))


def send_environment(
    account: Account, bucket: str, package: Package, architecture: str, *, packed: bool
) -> str:
    """Have the Python packages for an architecture in the bucket.

    Args:
        account, bucket, package: Where and what.
        architecture: Of the nodes.
        packed: Whether the archive is wanted, or the wheels with the bootstrap action.

    Returns:
        The URI of the folder there.

    Raises:
        FruitsError: Where the package was not made for that architecture.
    """
    folder = f"environment-{architecture}"
    names = package.names(folder)
    if not names:
        raise FruitsError(
            f"The package was not made for {architecture}: run kedro emr package "
            f"--architecture={architecture}."
        )
    archive = f"{folder}/{ENVIRONMENT}"
    wanted = [archive] if packed else [name for name in names if name != archive]
    return _send(account, bucket, "environments", package, folder, wanted)


def environment_uri(bucket: str, package: Package, architecture: str) -> str:
    """Where ``send_environment`` puts it."""
    folder = f"environment-{architecture}"
    return f"s3://{bucket}/environments/{package.identity(folder)}"


def empty_bucket(account: Account, bucket: str) -> int:
    """Remove every object and unfinished upload, then the bucket; returns how many objects."""
    count = 0
    for answer in pages(account, "s3", "list_objects_v2", Bucket=bucket):
        keys = [{"Key": found["Key"]} for found in answer.get("Contents", [])]
        for start in range(0, len(keys), _KEYS_PER_CALL):
            some = {"Objects": keys[start : start + _KEYS_PER_CALL], "Quiet": True}
            account.call("s3", "delete_objects", Bucket=bucket, Delete=some)
        count += len(keys)
    uploads = account.call("s3", "list_multipart_uploads", Bucket=bucket).get("Uploads", [])
    for upload in uploads:
        account.call(
            "s3",
            "abort_multipart_upload",
            Bucket=bucket,
            Key=upload["Key"],
            UploadId=upload["UploadId"],
        )
    account.call("s3", "delete_bucket", Bucket=bucket)
    return count


def _send(
    account: Account, bucket: str, place: str, package: Package, folder: str, names: Iterable[str]
) -> str:
    prefix = f"{place}/{package.identity(folder)}/"
    there = {
        found["Key"]: found["Size"]
        for answer in pages(account, "s3", "list_objects_v2", Bucket=bucket, Prefix=prefix)
        for found in answer.get("Contents", [])
    }
    for name in names:
        key = prefix + name.removeprefix(f"{folder}/")
        size = package.files[name]["bytes"]
        # The prefix names the content, so an object of that size is that object.
        if there.get(key) != size:
            click.echo(f"sending {name}, {size / 1e6:.1f} MB")
            account.upload(str(package.folder / name), bucket, key)
    return f"s3://{bucket}/{prefix.rstrip('/')}"
