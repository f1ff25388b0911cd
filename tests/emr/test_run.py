"""``kedro emr run``: EC2 and S3 on moto's server, Serverless by botocore's own models."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws import REGION, aws
from botocore.stub import Stubber
from click.testing import CliRunner
from moto.core import DEFAULT_ACCOUNT_ID
from moto.emr.models import emr_backends
from small_packages import HUSH

from fruits_kedro import FruitsError
from fruits_kedro.cluster import emr as module
from fruits_kedro.cluster.emr import (
    Job,
    check_options,
    emr,
    exit_code,
    find_stack,
    follow,
    log_prefix,
    log_tail,
    serverless_parameters,
    submit,
    yarn_arguments,
)

OPTIONS = ["--params=images=s3://photos/fruits,storage=s3://results/1"]
JOB = Job("s3://b/project", "s3://b/environment.tar.gz", OPTIONS)
ROLE = "arn:aws:iam::123456789012:role/job"
SERVERLESS = {"Bucket": "b", "ApplicationId": "00fapp", "JobRoleArn": ROLE}


@pytest.fixture(scope="module")
def cluster(emr_project) -> Iterator[Any]:
    """A cluster on EC2 by the real template, as moto records it."""
    with aws(HUSH) as patch:
        patch.chdir(emr_project)
        boto3.client("cloudformation").create_stack(
            StackName="fk",
            TemplateBody=(emr_project / "infra" / "emr.yml").read_text(),
            Parameters=[
                {"ParameterKey": "Kind", "ParameterValue": "ec2"},
                {"ParameterKey": "BucketName", "ParameterValue": "fk-bucket"},
            ],
        )
        found = emr_backends[DEFAULT_ACCOUNT_ID][REGION].clusters[find_stack("fk")["ClusterId"]]
        found.state = "WAITING"  # moto ends a cluster without steps
        yield found


def typed(*words: str) -> Any:
    result = CliRunner().invoke(emr, words)
    assert HUSH not in result.output
    return result


def ends_as(cluster: Any, monkeypatch, state: str) -> None:
    """moto's steps stay as they are; this one ends while it is waited for."""

    def sleep(seconds: float) -> None:
        cluster.steps[-1].state = state

    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))


def test_a_job_is_sent_once_followed_and_returns_0(cluster, emr_package, monkeypatch):
    ends_as(cluster, monkeypatch, "COMPLETED")
    result = typed("run", "--stack=fk", "--", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert "COMPLETED" in result.output
    project = f"packages/project-{emr_package.identity('project')}"
    environment = f"packages/environment-x86_64-{emr_package.identity('environment-x86_64')}"
    sent = {found.key for found in boto3.resource("s3").Bucket("fk-bucket").objects.all()}
    assert {f"{project}/run.py", f"{environment}/environment.tar.gz"} <= sent
    words = boto3.client("emr").list_steps(ClusterId=cluster.id)["Steps"][0]["Config"]["Args"]
    archive = f"s3://fk-bucket/{environment}/environment.tar.gz"
    job = Job(f"s3://fk-bucket/{project}", archive, OPTIONS)
    assert words == ["spark-submit", *yarn_arguments(job)]
    again = typed("run", "--stack=fk", "--no-wait", "--", *OPTIONS)
    assert again.exit_code == 0
    assert "sending" not in again.output


def test_a_job_that_fails_shows_its_log_and_returns_its_exit_code(
    cluster, emr_package, monkeypatch
):
    ends_as(cluster, monkeypatch, "FAILED")
    lines = "\n".join(f"line {n}" for n in range(100))
    logs = {
        "steps/s-1/controller.gz": "of no use",
        "steps/s-1/stderr.gz": "started application_17_0001\nexitCode: 3",
        "containers/application_17_0001/container_17_0001_01_000001/stdout.gz": lines,
        "containers/application_17_0001/container_17_0001_01_000002/stdout.gz": "a worker",
        "containers/application_17_0002/container_17_0002_01_000001/stdout.gz": "another",
    }
    for name, text in logs.items():
        place = {"Bucket": "fk-bucket", "Key": f"logs/{cluster.id}/{name}"}
        boto3.client("s3").put_object(**place, Body=gzip.compress(text.encode()))
    monkeypatch.setattr(module, "log_prefix", lambda stack, job: f"logs/{cluster.id}/steps/s-1/")
    result = typed("run", "--stack=fk", "--", *OPTIONS)
    assert result.exit_code == 3
    assert "line 99" in result.output
    assert "line 9\n" not in result.output
    assert not [word for word in ("of no use", "a worker", "another") if word in result.output]
    assert "FAILED" in result.output.splitlines()[-1]
    assert log_tail({"Bucket": "fk-bucket", "ClusterId": "j-other"}, "s") != ""


def test_a_cluster_that_ended_itself(cluster, monkeypatch):
    monkeypatch.setattr(cluster, "state", "TERMINATED")
    with pytest.raises(FruitsError, match="is TERMINATED"):
        submit(find_stack("fk"), JOB)


@pytest.mark.parametrize("words", [("--stack=none",), ("--stack=fk", "--folder=nowhere")])
def test_a_missing_stack_or_package_is_one_sentence(cluster, emr_package, words):
    result = typed("run", *words, "--", *OPTIONS)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1, result.output


def test_no_credentials_are_one_sentence(cluster, emr_package, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    boto3.setup_default_session()
    result = typed("run", "--stack=fk", "--", *OPTIONS)
    boto3.setup_default_session()
    assert result.exit_code == 1
    assert "none were found" in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [[], ["--params=images=s3://b/p"], ["--params=images=/my/p,storage=s3://b/r"]],
)
def test_options_that_would_fail_minutes_later_are_refused(
    emr_project, monkeypatch, tmp_path, options
):
    monkeypatch.chdir(emr_project)
    with pytest.raises(FruitsError):
        check_options(options)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "emr").mkdir(parents=True)
    file = tmp_path / "conf" / "emr" / "globals.yml"
    file.write_text("images: s3://b/p\nstorage: s3://b/r\n")
    check_options(["--pipelines=ingestion"])


# --- Serverless ----------------------------------------------------------------------------------


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
            "releaseLabel": "emr-spark-8.1.0",
            "jobDriver": {"sparkSubmit": {"entryPoint": "s3://b/run.py"}},
        }
    }


def test_a_serverless_job_is_started_and_followed(monkeypatch, capsys):
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("emr-serverless", region_name="eu-west-1", **keys)
    monkeypatch.setattr(module, "_client", lambda service: client)
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None))
    with Stubber(client) as stub:
        described = run_of("")["jobRun"]
        started = {name: described[name] for name in ("applicationId", "jobRunId", "arn")}
        stub.add_response("start_job_run", started)
        for state in ("PENDING", "RUNNING", "RUNNING"):
            stub.add_response("get_job_run", run_of(state))
        stub.add_response("get_job_run", run_of("FAILED", "Job failed, exit code 4."))
        state, reason = follow(SERVERLESS, submit(SERVERLESS, JOB))
        stub.assert_no_pending_responses()
    assert capsys.readouterr().out.count("RUNNING") == 1
    assert (state, exit_code(reason)) == ("FAILED", 4)
    assert log_prefix(SERVERLESS, "1") == "logs/applications/00fapp/jobs/1/"


def test_serverless_gets_python_from_the_archive_and_the_environment_of_emr():
    text = serverless_parameters(JOB)
    assert text.startswith("--py-files s3://b/project/fruits_kedro.zip ")
    assert "spark.archives=s3://b/environment.tar.gz#environment" in text
    assert "spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python" in text
    configuration = "--conf-source=s3://b/project/conf-fruits_kedro.tar.gz"
    assert JOB.arguments[:2] == ["--env=emr", configuration]
    assert "--env=emr" not in Job("p", "e", ["--env=other"]).arguments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Command exited with status 2", 2),
        ("final status: FAILED, exitCode: 13", 13),
        ("exit code 0", 1),
        ("", 1),
    ],
)
def test_the_exit_code_is_the_job_s(text, expected):
    assert exit_code(text) == expected


def test_a_packaged_run_logs_like_the_project_and_refuses_what_a_run_refuses(
    emr_package, tmp_path: Path
):
    """In another folder, from the zip file alone, as on a cluster: one sentence, exit code 1."""
    project = emr_package.folder / "project"
    words = ["--env=emr", f"--conf-source={project / 'conf-fruits_kedro.tar.gz'}"]
    result = subprocess.run(
        [sys.executable, project / "run.py", *words, "--params=reduction.kk=3,storage=s3://b/r"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project / "fruits_kedro.zip")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "reduction.kk" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
