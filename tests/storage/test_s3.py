"""How S3 is reached, and that what it refuses becomes one sentence."""

from typing import Any
from unittest.mock import Mock

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.photos import reading
from fruits_kedro.storage.s3 import (
    client_options,
    credentials_problem,
    s3_problem,
    shared_environment,
)

ENDPOINT = "http://127.0.0.1:9000"
REFUSALS = {
    "The provided token has expired.": "credentials have expired",
    "Access Denied": "denied access",
    "Unable to locate credentials": "rejected the credentials",
    "An error occurred (InvalidAccessKeyId) when calling": "rejected the credentials",
    "The specified bucket does not exist": "bucket does not exist",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def test_an_endpoint_is_reached_by_path_and_so_are_executors(monkeypatch):
    assert "s3" not in client_options("s3://bucket")["config_kwargs"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", ENDPOINT)
    assert client_options("s3://bucket")["config_kwargs"]["s3"] == {"addressing_style": "path"}
    assert client_options("/photos") == client_options("memory://x") == {}
    assert shared_environment()["AWS_ENDPOINT_URL"] == ENDPOINT


def test_executors_get_the_region_and_no_credentials(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    assert client_options("s3://bucket")["client_kwargs"] == {"region_name": "eu-west-3"}
    assert shared_environment()["AWS_REGION"] == "eu-west-3"
    assert "hush" not in str(shared_environment())


@pytest.mark.parametrize("text", REFUSALS)
def test_each_refusal_has_its_sentence(text):
    sentence = s3_problem(f"An error: {text}")
    assert sentence is not None
    assert REFUSALS[text] in sentence


@pytest.mark.parametrize("text", ["No such file", "InternalError", "SlowDown", ""])
def test_other_errors_are_left_alone(text):
    assert s3_problem(text) is None


def test_one_photograph_that_may_not_be_read_is_no_problem_of_the_run():
    assert credentials_problem("Access Denied") is None


def refusing(text: str) -> Any:
    """A store that answers every read with one error."""
    store = Mock()
    store.cat_file.side_effect = PermissionError(text)
    return lambda _: store


def test_a_worker_with_expired_credentials_does_not_call_photographs_unreadable(monkeypatch):
    path = "s3://bucket/photos/Apple/1.jpg"
    monkeypatch.setattr(reading, "_filesystem_of", refusing("Access Denied"))
    assert reading.read_photograph(path, 1000).reason == "unreadable"
    monkeypatch.setattr(reading, "_filesystem_of", refusing("The token has expired."))
    with pytest.raises(FruitsError, match="have expired"):
        reading.read_photograph(path, 1000)
    with pytest.raises(FruitsError, match="have expired"):
        reading.read_again(path, "0" * 64)
