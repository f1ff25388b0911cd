"""Calls are held to botocore's models, answers of AWS become one sentence, secrets go nowhere."""

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber
from runs import command
from small_packages import HUSH

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.aws import AwsError, PrintedAccount, RealAccount
from fruits_kedro.cluster.emr.jobs import ServerlessJobs, State, exit_code, follow
from fruits_kedro.cluster.emr.spark_submit import Job
from fruits_kedro.cluster.emr.stack import Stack, apply_stack, delete_stack

ROLE = "arn:aws:iam::123456789012:role/job"
STACK = Stack(
    "fk",
    "CREATE_COMPLETE",
    {},
    {"Kind": "serverless", "Bucket": "b", "ApplicationId": "00fapp", "JobRoleArn": ROLE},
)


@pytest.fixture
def account(monkeypatch) -> RealAccount:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAQ7HUSHHUSHHUSH01")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", HUSH)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    made = RealAccount()
    monkeypatch.setattr(made, "wait", lambda seconds: None)
    return made


def run_of(state: str, details: str = "no details") -> dict[str, dict[str, Any]]:
    """A job run as EMR Serverless describes it, with all that its model requires."""
    return {
        "jobRun": {
            "applicationId": "00fapp",
            "jobRunId": "00fjob",
            "arn": "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00fapp/jobruns/1",
            "createdBy": ROLE,
            "createdAt": 0,
            "updatedAt": 0,
            "executionRole": ROLE,
            "state": state,
            "stateDetails": details,
            "releaseLabel": "emr-spark-8.0.0",
            "jobDriver": {"sparkSubmit": {"entryPoint": "s3://b/run.py"}},
        }
    }


def test_a_serverless_job_is_started_and_followed(account, capsys):
    jobs = ServerlessJobs(account, STACK)
    with Stubber(account.client("emr-serverless")) as stub:
        started = {
            name: run_of("")["jobRun"][name] for name in ("applicationId", "jobRunId", "arn")
        }
        stub.add_response("start_job_run", started)
        for state in ("PENDING", "RUNNING", "RUNNING"):
            stub.add_response("get_job_run", run_of(state))
        stub.add_response("get_job_run", run_of("FAILED", "Job failed, exit code 1."))
        job_id = jobs.submit(Job("s3://b/packages/1", ["--x"], "s3://b/e.tar.gz"), ["--x"])
        state = follow(account, jobs, job_id)
        stub.assert_no_pending_responses()
    assert capsys.readouterr().out.count("RUNNING") == 1
    assert exit_code(state, "") == 1
    assert jobs.log_prefix("00fjob") == "logs/applications/00fapp/jobs/00fjob/"


@pytest.mark.parametrize(
    ("state", "log", "expected"),
    [
        (State("SUCCESS"), "exit code 4", 0),
        (State("FAILED", "Command exited with status 2"), "", 2),
        (State("FAILED"), "final status: FAILED, exitCode: 13", 13),
        (State("FAILED"), "exit code 0", 1),
        (State("CANCELLED"), "", 1),
    ],
)
def test_the_exit_code_is_the_job_s(state, log, expected):
    assert exit_code(state, log) == expected


SENTENCES = {
    "ExpiredToken": "AWS does not accept the credentials (ExpiredToken): give others, set AWS",
    "SignatureDoesNotMatch": "AWS does not accept the credentials",
    "AccessDenied": "These credentials may not do cloudformation.describe_stacks (why)",
    "Throttling": "AWS refused cloudformation.describe_stacks (Throttling: why)",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_an_answer_that_is_an_error_is_one_sentence(account, code):
    with Stubber(account.client("cloudformation")) as stub:
        stub.add_client_error("describe_stacks", code, "why")
        with pytest.raises(FruitsError) as told:
            account.call("cloudformation", "describe_stacks")
    assert told.value.message.startswith(SENTENCES[code])
    assert told.value.message.count(". ") == 0
    assert HUSH not in told.value.message


def stack_is(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "fk", "CreationTime": 0, "StackStatus": status}]}


def event(name: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "StackId": "1",
        "EventId": "1",
        "StackName": "fk",
        "Timestamp": 0,
        "LogicalResourceId": name,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_stack_that_cannot_be_made_tells_what_failed_first(account, tmp_path):
    template = tmp_path / "emr.yml"
    template.write_text("Resources: {}")
    events = [
        event("Role", "CREATE_FAILED", "Resource creation cancelled"),
        event("Cluster", "CREATE_FAILED", "not enough rights."),
        event("Vpc", "CREATE_COMPLETE", ""),
    ]
    with Stubber(account.client("cloudformation")) as stub:
        for status in ("CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"):
            stub.add_response("describe_stacks", stack_is(status))
            if status == "CREATE_COMPLETE":
                stub.add_response("update_stack", {})
        stub.add_response("describe_stack_events", {"StackEvents": events})
        with pytest.raises(
            FruitsError, match=r"could not be made .* \(Cluster: not enough rights\)"
        ):
            apply_stack(account, "fk", template, {"Kind": "ec2"})
        stub.add_response("describe_stacks", stack_is("UPDATE_COMPLETE"))
        stub.add_client_error("update_stack", "ValidationError", "No updates are to be performed.")
        assert apply_stack(account, "fk", template, {}).status == "UPDATE_COMPLETE"


def test_a_stack_that_cannot_be_removed_tells_what_holds_it(account):
    with Stubber(account.client("cloudformation")) as stub:
        stub.add_response("delete_stack", {})
        stub.add_response("describe_stacks", stack_is("DELETE_FAILED"))
        held = event("Vpc", "DELETE_FAILED", "has dependencies.")
        stub.add_response("describe_stack_events", {"StackEvents": [held]})
        with pytest.raises(FruitsError, match=r"could not be removed \(Vpc: has dependencies\)"):
            delete_stack(account, "fk")


def test_a_printed_account_checks_and_makes_no_call():
    lines: list[str] = []
    account = PrintedAccount({"head_bucket": [AwsError("no", "404", "")]}, lines.append)
    assert account.call("emr", "list_steps", ClusterId="j-1") == {}
    with pytest.raises(AwsError):
        account.call("s3", "head_bucket", Bucket="b")
    with pytest.raises(ParamValidationError, match="ClusterIdea"):
        account.call("emr", "list_steps", ClusterIdea="j-1")
    assert lines == ['emr.list_steps(ClusterId="j-1")', 's3.head_bucket(Bucket="b")']


def test_a_start_of_kedro_does_not_import_boto3(tmp_path):
    words = (
        "import sys, fruits_kedro.cli as c; print({'boto3', 'botocore'} & set(sys.modules), "
        "*sorted(c.cli.commands['emr'].commands))"
    )
    result = command(tmp_path, "python", "-c", words)
    assert result.stdout.endswith("set() down logs package run status up\n"), result.stderr
