"""Credentials appear nowhere in what a run prints or leaves behind."""

import os
import socket
from pathlib import Path

import pytest
from runs import command, copy_photos, copy_project, new_job

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAQ7HUSHHUSHHUSH01",
    "AWS_SECRET_ACCESS_KEY": "hush+Xq7/secretsecretsecretsecretsecret0",
    "AWS_SESSION_TOKEN": "IQoHUSHtokentokentokentoken==",
}
QUICK = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def endpoint() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def assert_no_secret(result, folders: list[Path], start: float, *secrets: str) -> None:
    """Neither in what was printed nor in a file that was written since the start."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    texts = [path.read_text(errors="replace") for path in files if path.stat().st_mtime >= start]
    for text in (result.stdout, result.stderr, *texts):
        assert not [secret for secret in secrets if secret in text]


RUNS = {
    "images that cannot be listed": ["images=s3://bucket/x", "storage={local}"],
    "a storage that cannot be written": ["images={photos}", "storage=s3://bucket/y"],
}


@pytest.mark.parametrize(("kind", "verbose"), [*zip(RUNS, (False, True), strict=True)])
def test_a_failing_run_on_s3_tells_no_secret(copy, tmp_path, endpoint, kind, verbose):
    job = new_job(tmp_path)
    copy_photos(["Training/Apple/0_100.jpg", "Training/Corn/0_100.jpg"], job.images)
    options = ",".join(RUNS[kind]).format(local=job.storage, photos=job.images)
    start = os.stat(job.images).st_mtime
    logging = {"KEDRO_LOGGING_CONFIG": str(debug_logging(tmp_path))} if verbose else {}
    environment = {**SECRETS, **QUICK, **logging, "AWS_ENDPOINT_URL": endpoint}
    result = command(copy, "kedro", "run", f"--params={options}", **environment)
    assert result.returncode == 1, result.stderr
    [sentence] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert "s3://bucket" in sentence
    assert endpoint in sentence, "it got as far as the network"
    assert_no_secret(result, [tmp_path, copy], start, *SECRETS.values())


def test_credentials_in_a_place_are_not_repeated(copy, tmp_path):
    place = f"s3://{SECRETS['AWS_ACCESS_KEY_ID']}:hush@bucket/x"
    start = os.stat(tmp_path).st_mtime
    options = f"--params=images={place},storage={tmp_path / 'storage'}"
    result = command(copy, "kedro", "run", options)
    assert result.returncode == 1
    assert_no_secret(result, [tmp_path, copy], start, "hush", SECRETS["AWS_ACCESS_KEY_ID"])


def debug_logging(folder: Path) -> Path:
    """The project, Kedro and s3fs at their most talkative (botocore's DEBUG shows requests)."""
    file = folder / "logging.yml"
    file.write_text(
        "version: 1\n"
        "disable_existing_loggers: false\n"
        "handlers: {all: {class: logging.StreamHandler, level: DEBUG}}\n"
        "root: {handlers: [all], level: INFO}\n"
        "loggers: {fruits_kedro: {level: DEBUG}, kedro: {level: DEBUG}, s3fs: {level: DEBUG}}\n"
    )
    return file
