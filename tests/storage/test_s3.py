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


def test_region_and_endpoint_are_those_of_the_environment_and_executors_get_no_credentials(
    monkeypatch,
):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert "s3" not in client_options("s3://bucket")["config_kwargs"]
    given = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000", "AWS_REGION": "eu-west-3"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    options = client_options("s3://bucket")
    assert options["config_kwargs"]["s3"] == {"addressing_style": "path"}
    assert options["client_kwargs"] == {"region_name": "eu-west-3"}
    assert client_options("/photos") == client_options("memory://x") == {}
    assert given.items() <= shared_environment().items()
    assert "hush" not in str(shared_environment())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The provided token has expired.", "credentials have expired"),
        ("Access Denied", "denied access"),
        ("Unable to locate credentials", "rejected the credentials"),
        ("An error occurred (InvalidAccessKeyId) when calling", "rejected the credentials"),
        ("The specified bucket does not exist", "bucket does not exist"),
        ("No such file", "None"),
        ("SlowDown", "None"),
    ],
)
def test_each_refusal_has_its_sentence_and_other_errors_have_none(text, sentence):
    assert sentence in str(s3_problem(f"An error: {text}"))


def refusing(text: str) -> Any:
    """A store that answers every read with one error."""
    store = Mock()
    store.cat_file.side_effect = PermissionError(text)
    return lambda _: (store, "")


def test_a_worker_with_expired_credentials_does_not_call_photographs_unreadable(monkeypatch):
    path = "s3://bucket/photos/Apple/1.jpg"
    assert credentials_problem("Access Denied") is None
    monkeypatch.setattr(reading, "filesystem", refusing("Access Denied"))
    assert reading.read_photograph(path, 1000).reason == "unreadable"
    monkeypatch.setattr(reading, "filesystem", refusing("The token has expired."))
    with pytest.raises(FruitsError, match="have expired"):
        reading.read_photograph(path, 1000)
