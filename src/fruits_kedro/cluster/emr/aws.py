"""Calls of AWS, one way for all: made or only printed, their errors told in one sentence.

Credentials and region come from the standard AWS environment and go nowhere else.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import click

from fruits_kedro import FruitsError

_CREDENTIALS = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or "
    "log in again (aws sso login)"
)
_REFUSED_CREDENTIALS = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_NO_RIGHTS = ("AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation")


class AwsError(FruitsError):
    """An answer of AWS that is an error.

    Attributes:
        code: AWS's name of it.
        reason: What AWS says.
    """

    def __init__(self, sentence: str, code: str, reason: str) -> None:
        super().__init__(sentence)
        self.code, self.reason = code, reason


class Account(Protocol):
    """What the commands need of AWS."""

    region: str

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of one call."""

    def upload(self, path: str, bucket: str, key: str) -> None:
        """Put a file of any size."""

    def wait(self, seconds: float) -> None:
        """Let time pass between two looks at a state."""


class RealAccount:
    """The account of the standard AWS environment."""

    def __init__(self) -> None:
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            self._session = boto3.session.Session()
            region = self._session.region_name
        except BotoCoreError as error:  # a profile that is not there
            raise _told(error, "") from error
        if not region:
            raise FruitsError(
                "There is no AWS region: set AWS_DEFAULT_REGION, for example to eu-west-1, or give "
                "your profile one."
            )
        self.region: str = region
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The one client of a service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of one call.

        Raises:
            FruitsError: In one sentence, AwsError where AWS has answered.
        """
        answer: dict[str, Any] = self._told(
            service, operation, lambda: getattr(self.client(service), operation)(**parameters)
        )
        return answer

    def upload(self, path: str, bucket: str, key: str) -> None:
        """Put a file, in parts where it is large, with a checksum that S3 verifies."""
        extra = {"ChecksumAlgorithm": "SHA256"}
        self._told(
            "s3",
            "put_object",
            lambda: self.client("s3").upload_file(path, bucket, key, ExtraArgs=extra),
        )

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def _told(self, service: str, operation: str, act: Callable[[], Any]) -> Any:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return act()
        except (BotoCoreError, ClientError, Boto3Error) as error:
            cause = error.__context__ if isinstance(error, Boto3Error) else error
            raise _told(cause or error, f"{service}.{operation}") from error


class PrintedAccount:
    """Prints every call after botocore has checked its parameters, and makes none.

    Args:
        answers: What to go on with, by the name of the operation; the last one is repeated.
        show: Where lines go.
    """

    def __init__(
        self, answers: dict[str, list[Any]], show: Callable[[str], None] = click.echo
    ) -> None:
        import botocore.session

        self.region = "REGION"
        self._answers = {name: list(given) for name, given in answers.items()}
        self._show = show
        self._session = botocore.session.get_session()

    def expect(self, operation: str, answers: list[Any]) -> None:
        """Go on with other answers to an operation."""
        self._answers[operation] = list(answers)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Print one call; an exception among the answers is raised."""
        self.check(service, operation, parameters)
        self._show(f"{service}.{operation}({_written(parameters)})")
        given = self._answers.get(operation, [{}])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found

    def upload(self, path: str, bucket: str, key: str) -> None:
        """Print one upload."""
        self.check(
            "s3", "put_object", {"Bucket": bucket, "Key": key, "ChecksumAlgorithm": "SHA256"}
        )
        self._show(f"s3.upload_file({path} -> s3://{bucket}/{key})")

    def wait(self, seconds: float) -> None:
        """Pass no time."""

    def check(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Raise ParamValidationError where botocore's model of the service forbids a call."""
        from botocore import xform_name
        from botocore.validate import validate_parameters

        model = self._session.get_service_model(service)
        names = {xform_name(name): name for name in model.operation_names}
        shape = model.operation_model(names[operation]).input_shape
        validate_parameters(parameters, shape)


def pages(account: Account, service: str, operation: str, **parameters: Any) -> Iterator[Any]:
    """Answers of a call of S3 that lists, one after the other."""
    while True:
        answer = account.call(service, operation, **parameters)
        yield answer
        if not answer.get("IsTruncated"):
            return
        parameters["ContinuationToken"] = answer["NextContinuationToken"]


def _written(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in parameters.items())


def _value(value: Any) -> str:
    """A value as JSON; the text of a whole file only by its length."""
    if isinstance(value, str) and "\n" in value:
        return f"<{len(value)} characters>"
    return json.dumps(value)


def _told(error: BaseException, call: str) -> FruitsError:
    from botocore import exceptions as known

    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return FruitsError(f"There are no AWS credentials here: give them, {_CREDENTIALS}.")
    if isinstance(error, known.ProfileNotFound):
        return FruitsError(
            f"There is no such AWS profile ({error}): name one of ~/.aws/config in AWS_PROFILE."
        )
    if isinstance(error, known.TokenRetrievalError | known.SSOError):
        return FruitsError(f"The AWS session has ended: renew it, {_CREDENTIALS}.")
    if isinstance(error, known.EndpointConnectionError | known.ConnectionError):
        first = str(error).splitlines()[0].rstrip(".")
        return FruitsError(
            f"AWS cannot be reached ({first}): check the connection and the region for {call}."
        )
    if not isinstance(error, known.ClientError):
        return FruitsError(f"{call} failed ({str(error).splitlines()[0].rstrip('.')}).")
    said = error.response.get("Error", {})
    code = said.get("Code", "?")
    reason = next(iter(said.get("Message", "").splitlines()), "").rstrip(".")
    if code in _REFUSED_CREDENTIALS:
        sentence = f"AWS does not accept the credentials ({code}): give others, {_CREDENTIALS}."
    elif code in _NO_RIGHTS:
        sentence = f"These credentials may not do {call} ({reason or code}): ask for that right."
    else:
        sentence = f"AWS refused {call} ({code}: {reason})."
    return AwsError(sentence, code, reason)
