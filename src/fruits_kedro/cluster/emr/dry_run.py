"""Answers that let a dry run go on as if everything went well, with names in capitals for ids."""

from typing import Any

import click

from fruits_kedro.cluster.emr.aws import AwsError, PrintedAccount


def up_account(bucket: str | None) -> PrintedAccount:
    """For ``kedro emr up`` in an account without a stack."""
    missing = AwsError("", "ValidationError", "the stack does not exist")
    made = _stack("none", "CREATE_COMPLETE", bucket or "fruits-kedro-ACCOUNT-REGION")
    return _printed(
        {
            "describe_stacks": [missing, missing, made],
            "get_caller_identity": [{"Account": "ACCOUNT"}],
            "head_bucket": [AwsError("", "404", "Not Found")],
        }
    )


def job_account(kind: str) -> PrintedAccount:
    """For ``kedro emr run``, ``status``, ``logs`` and ``down`` with a stack of this kind."""
    step = {"Id": "STEP", "Status": {"State": "COMPLETED"}}
    run = {"id": "JOB", "state": "SUCCESS"}
    return _printed(
        {
            "describe_stacks": [_stack(kind, "CREATE_COMPLETE", "BUCKET")],
            "describe_cluster": [{"Cluster": {"Status": {"State": "WAITING"}}}],
            "add_job_flow_steps": [{"StepIds": ["STEP"]}],
            "describe_step": [{"Step": step}],
            "list_steps": [{"Steps": [step]}],
            "start_job_run": [{"jobRunId": "JOB"}],
            "get_job_run": [{"jobRun": run}],
            "list_job_runs": [{"jobRuns": [run]}],
            "get_application": [{"application": {"state": "STARTED"}}],
        }
    )


def down_account(kind: str) -> PrintedAccount:
    """For ``kedro emr down``: the stack is there and then gone."""
    account = job_account(kind)
    there = _stack(kind, "CREATE_COMPLETE", "BUCKET")
    account.expect("describe_stacks", [there, _stack(kind, "DELETE_COMPLETE", "BUCKET")])
    return account


def _printed(answers: dict[str, list[Any]]) -> PrintedAccount:
    click.echo("Nothing is done. These calls would be made, in this order, if all goes well:")
    return PrintedAccount(answers)


def _stack(kind: str, status: str, bucket: str) -> dict[str, Any]:
    outputs = {"Kind": kind, "Bucket": bucket, "Architecture": "x86_64"}
    if kind == "ec2":
        outputs |= {"ClusterId": "CLUSTER", "Environment": "ENVIRONMENT"}
    if kind == "serverless":
        role = "arn:aws:iam::123456789012:role/JOB_ROLE"
        outputs |= {"ApplicationId": "APPLICATION", "JobRoleArn": role}
    found = {
        "StackStatus": status,
        "Parameters": [{"ParameterKey": "BucketName", "ParameterValue": bucket}],
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
    }
    return {"Stacks": [found]}
