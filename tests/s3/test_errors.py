"""What S3 refuses is told in one sentence, in the words of every client."""

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.hooks.errors import ErrorHooks
from fruits_kedro.photos import reading
from fruits_kedro.storage.s3 import credentials_problem, s3_problem

JAVA = (
    "java.nio.file.AccessDeniedException: s3a://fruits/results/part-1: PUT 0-byte object: "
    "software.amazon.awssdk.services.s3.model.S3Exception: {} (Service: S3, Status Code: {})"
)
TOLD = {
    "The provided token has expired.": "credentials have expired",
    JAVA.format("The provided token has expired.", 400): "credentials have expired",
    JAVA.format("Access Denied.", 403): "denies the access",
    "Access Denied": "denies the access",
    "Unable to locate credentials": "does not know the AWS credentials",
    "An error occurred (InvalidAccessKeyId) when calling": "does not know the AWS credentials",
    "The specified bucket does not exist": "bucket does not exist",
}


@pytest.mark.parametrize("text", TOLD)
def test_each_refusal_has_its_sentence(text):
    with pytest.raises(FruitsError, match=TOLD[text]) as told:
        ErrorHooks().on_pipeline_error(RuntimeError(text))
    assert "\n" not in told.value.message


@pytest.mark.parametrize("text", ["No such file", "InternalError", "SlowDown", ""])
def test_other_errors_are_left_alone(text):
    assert s3_problem(text) is None


def test_one_photograph_that_may_not_be_read_is_no_problem_of_the_run():
    assert credentials_problem("Access Denied") is None


class Store:
    """Answers every read with one error."""

    def __init__(self, text: str) -> None:
        self._text = text

    def cat_file(self, path: str) -> bytes:
        raise PermissionError(self._text)


def test_a_worker_with_expired_credentials_does_not_call_photographs_unreadable(monkeypatch):
    path = "s3://bucket/photos/Apple/1.jpg"
    monkeypatch.setattr(reading, "_filesystem_of", lambda _: Store("Access Denied"))
    assert reading.read_photograph(path, 1000).reason == "unreadable"
    monkeypatch.setattr(reading, "_filesystem_of", lambda _: Store("The token has expired."))
    for read in (reading.read_photograph, reading.read_again):
        with pytest.raises(FruitsError, match="have expired"):
            read(path, 1000)
