"""A real S3 server on loopback: versitygw, which keeps objects as files of a folder.

Chosen because it answers conditional writes (``If-None-Match``), multipart uploads with S3's own
limits and ListObjectsV2 as S3 does, and is one maintained Go program under Apache-2.0. MinIO is no
longer maintained, and ``rclone serve s3`` ignores ``If-None-Match``.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.client import BaseClient
from cluster.daemons import cache_folder, free_port, is_listening

MODULE, VERSION = "github.com/versity/versitygw/cmd/versitygw", "v1.7.0"
OWNER = {"AWS_ACCESS_KEY_ID": "owner", "AWS_SECRET_ACCESS_KEY": "owner-secret"}
READER = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "reader-secret"}
REGION = "eu-west-1"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        port: On loopback.
        program: The server's program, which is its administration's as well.
    """

    port: int
    program: Path

    def client(self, **key: str) -> BaseClient:
        """A client of the owner, past every proxy."""
        return s3_client(f"http://127.0.0.1:{self.port}", **{**OWNER, **key})

    def add_reader(self, bucket: str) -> None:
        """A user who may read and list, and nothing else."""
        words = ["admin", "-a", OWNER["AWS_ACCESS_KEY_ID"], "-s", OWNER["AWS_SECRET_ACCESS_KEY"]]
        words += ["-r", REGION, "-er", f"http://127.0.0.1:{self.port}", "create-user", "-r", "user"]
        words += ["-a", READER["AWS_ACCESS_KEY_ID"], "-s", READER["AWS_SECRET_ACCESS_KEY"]]
        subprocess.run([self.program, *words], check=True, capture_output=True)
        resources = f'["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"]'
        self.client().put_bucket_policy(
            Bucket=bucket,
            Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
            f'{{"AWS": ["{READER["AWS_ACCESS_KEY_ID"]}"]}}, "Action": ["s3:GetObject", '
            f'"s3:ListBucket"], "Resource": {resources}}}]}}',
        )


def s3_client(endpoint: str, **key: str) -> BaseClient:
    """A client of any server."""
    return botocore.session.get_session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )


def keys(client: BaseClient, bucket: str, prefix: str = "") -> dict[str, int]:
    """Every object below a prefix, with its bytes."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}


def unfinished_uploads(client: BaseClient, bucket: str) -> list[str]:
    """Keys of multipart uploads that were neither completed nor aborted."""
    answer: dict[str, Any] = client.list_multipart_uploads(Bucket=bucket)
    return [upload["Key"] for upload in answer.get("Uploads", [])]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on an empty folder, which ends with the block."""
    program = _program()
    (folder / "buckets").mkdir(parents=True)
    (folder / "users").mkdir()
    port = free_port()
    words = ["--port", f"127.0.0.1:{port}", "--region", REGION, "--quiet", "--keep-alive"]
    words += ["--iam-dir", str(folder / "users")]
    words += _metadata(folder)
    keys_of_owner = {
        "ROOT_ACCESS_KEY": OWNER["AWS_ACCESS_KEY_ID"],
        "ROOT_SECRET_KEY": OWNER["AWS_SECRET_ACCESS_KEY"],
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *words, str(folder / "buckets")],
            env={**os.environ, **keys_of_owner},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 60
        while not is_listening(port):
            assert process.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.05)
        yield Server(port, program)
    finally:
        process.terminate()
        process.wait(30)


def _metadata(folder: Path) -> list[str]:
    """Attributes of files where the file system has them, a folder beside them where not."""
    try:
        os.setxattr(folder, "user.fruits", b"")
    except OSError:
        (folder / "sidecar").mkdir()
        return ["posix", "--sidecar", str(folder / "sidecar")]
    return ["posix"]


def _program() -> Path:
    """The server's program, built once from the Go module and kept."""
    folder = cache_folder() / "bin"
    program = folder / "versitygw"
    if not program.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        go = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
        subprocess.run(["go", "install", f"{MODULE}@{VERSION}"], env=go, check=True)
    return program
