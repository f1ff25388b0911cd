"""The CloudFormation stack of ``infra/emr.yml``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.aws import Account, AwsError

TEMPLATE = Path("infra") / "emr.yml"
TAGS = [{"Key": "project", "Value": "fruits-kedro"}]
_POLL_SECONDS = 10


@dataclass(frozen=True)
class Stack:
    """A stack as it is.

    Attributes:
        name: Its name.
        status: CloudFormation's word.
        parameters, outputs: Values by name.
    """

    name: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def kind(self) -> str:
        """``none``, ``ec2`` or ``serverless``."""
        return self.outputs.get("Kind", "none")

    @property
    def bucket(self) -> str:
        """Its bucket."""
        return self.outputs["Bucket"]


def find_stack(account: Account, name: str) -> Stack | None:
    """The stack of that name, or None."""
    try:
        answer = account.call("cloudformation", "describe_stacks", StackName=name)
    except AwsError as error:
        if "does not exist" in error.reason:
            return None
        raise
    found = answer["Stacks"][0]
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", [])}
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    return Stack(name, found["StackStatus"], parameters, outputs)


def require_stack(account: Account, name: str) -> Stack:
    """The stack of that name, ready.

    Raises:
        FruitsError: Where there is none, or it is not ready.
    """
    stack = find_stack(account, name)
    if stack is None:
        raise FruitsError(
            f"There is no stack {name} in {account.region}: make one with kedro emr up, or choose "
            "another region (AWS_DEFAULT_REGION) or --stack."
        )
    if "COMPLETE" not in stack.status or "Bucket" not in stack.outputs:
        raise FruitsError(
            f"The stack {name} is {stack.status}: wait until it is complete (kedro emr status), or "
            "remove it with kedro emr down."
        )
    return stack


def apply_stack(
    account: Account, name: str, template: Path, parameters: Mapping[str, str]
) -> Stack:
    """Create the stack or bring it to these parameters, and wait for it.

    Raises:
        FruitsError: With the first reason that CloudFormation gives, where that fails.
    """
    before = find_stack(account, name)
    arguments: dict[str, Any] = {
        "StackName": name,
        "TemplateBody": _template_text(template),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": TAGS,
    }
    if before is None:
        account.call("cloudformation", "create_stack", OnFailure="DELETE", **arguments)
    else:
        try:
            account.call("cloudformation", "update_stack", **arguments)
        except AwsError as error:
            if "No updates are to be performed" in error.reason:
                return before
            raise
    return _wait(account, name, lambda status: "COMPLETE" in status and "ROLLBACK" not in status)


def delete_stack(account: Account, name: str) -> None:
    """Remove the stack and wait until it is gone.

    Raises:
        FruitsError: Where something of it cannot be removed.
    """
    account.call("cloudformation", "delete_stack", StackName=name)
    while (stack := find_stack(account, name)) is not None:
        if stack.status == "DELETE_COMPLETE":
            return
        if stack.status == "DELETE_FAILED":
            raise FruitsError(
                f"The stack {name} could not be removed ({_first_failure(account, name)}): mend "
                "that and run kedro emr down again."
            )
        account.wait(_POLL_SECONDS)


def _template_text(template: Path) -> str:
    if not template.is_file():
        raise FruitsError(f"{template} is missing: run this in the project's folder.")
    return template.read_text()


def _wait(account: Account, name: str, done: Callable[[str], bool]) -> Stack:
    told = ""
    while True:
        stack = find_stack(account, name)
        if stack is not None and done(stack.status):
            return stack
        if stack is None or not stack.status.endswith("IN_PROGRESS"):
            raise FruitsError(
                f"The stack {name} could not be made as asked ({_first_failure(account, name)}): "
                "mend that and run kedro emr up again."
            )
        if stack.status != told:
            click.echo(f"stack {name}: {stack.status}")
            told = stack.status
        account.wait(_POLL_SECONDS)


def _first_failure(account: Account, name: str) -> str:
    """What went wrong first in the stack's last change; later events follow from it."""
    try:
        answer = account.call("cloudformation", "describe_stack_events", StackName=name)
    except AwsError:
        return "it was removed again, the console of CloudFormation shows deleted stacks"
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in answer.get("StackEvents", [])
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "")
    ]
    return reasons[-1].rstrip(".") if reasons else "no reason given"
