"""A real S3 server on loopback: versitygw, which keeps objects as files of a folder.

Chosen because it answers conditional writes (``If-None-Match``), multipart uploads with S3's own
limits and ListObjectsV2 as S3 does, and is one maintained Go program under Apache-2.0. MinIO is no
longer maintained, and ``rclone serve s3`` ignores ``If-None-Match``.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cluster.daemons import cache_folder, daemon, free_port, is_listening
from faults.processes import wait_until

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

    def client(self) -> Any:
        """A client of the owner, past every proxy."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id=OWNER["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=OWNER["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def add_reader(self, bucket: str) -> None:
        """A user who may read and list, and nothing else."""
        words = ["admin", "-a", OWNER["AWS_ACCESS_KEY_ID"], "-s", OWNER["AWS_SECRET_ACCESS_KEY"]]
        words += ["-r", REGION, "-er", f"http://127.0.0.1:{self.port}", "create-user", "-r", "user"]
        words += ["-a", READER["AWS_ACCESS_KEY_ID"], "-s", READER["AWS_SECRET_ACCESS_KEY"]]
        subprocess.run([self.program, *words], check=True, capture_output=True)
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": [READER["AWS_ACCESS_KEY_ID"]]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client().put_bucket_policy(Bucket=bucket, Policy=policy)

    def unfinished_uploads(self, bucket: str) -> list[str]:
        """Keys of multipart uploads that were neither completed nor aborted."""
        answer = self.client().list_multipart_uploads(Bucket=bucket)
        return [upload["Key"] for upload in answer.get("Uploads", [])]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on an empty folder, which ends with the block."""
    program, port = _program(), free_port()
    (folder / "buckets").mkdir(parents=True)
    (folder / "users").mkdir()
    words = [str(program), "--port", f"127.0.0.1:{port}", "--region", REGION, "--quiet"]
    words += ["--keep-alive", "--iam-dir", str(folder / "users"), *_metadata(folder)]
    keys_of_owner = {
        "ROOT_ACCESS_KEY": OWNER["AWS_ACCESS_KEY_ID"],
        "ROOT_SECRET_KEY": OWNER["AWS_SECRET_ACCESS_KEY"],
    }
    with daemon(folder / "home", [*words, str(folder / "buckets")], keys_of_owner):
        assert wait_until(lambda: is_listening(port), 60), "the server does not answer"
        yield Server(port, program)


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
