"""An AWS on loopback, by moto."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

REGION = "us-east-1"
"""moto's EMR knows no other where its address names none."""


@contextmanager
def aws(secret: str = "testing") -> Iterator[pytest.MonkeyPatch]:
    """Every AWS client of this process talks to moto's server within this context."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    S3FileSystem.clear_instance_cache()  # a client keeps the address it was made with
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            patch.delenv("AWS_PROFILE", raising=False)
            patch.setenv("AWS_ACCESS_KEY_ID", "testing")
            patch.setenv("AWS_SECRET_ACCESS_KEY", secret)
            yield patch
    finally:
        server.stop()
