"""What a user types: every command with ``--dry-run``, which needs neither account nor network."""

import pytest
from click.testing import CliRunner, Result
from small_packages import HUSH

from fruits_kedro.cluster.emr.commands import emr

OPTIONS = ["--", "--pipelines=ingestion", "--params=images=s3://b/p,storage=s3://b/r"]


@pytest.fixture
def typed(emr_package, emr_project, monkeypatch):
    """Runs a command in the folder of a project whose package is made."""
    monkeypatch.chdir(emr_project)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAQ7HUSHHUSHHUSH01")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", HUSH)

    def run(*words: str, answer: str = "") -> Result:
        result = CliRunner().invoke(emr, words, input=answer)
        assert HUSH not in result.output
        assert "AKIAQ7HUSH" not in result.output
        return result

    return run


def test_package(typed):
    result = typed("package", "--dry-run", "--architecture=aarch64")
    assert result.exit_code == 0, result.output
    assert "have 2 wheels for aarch64: tinyone==1.0, tinytwo==1.0" in result.output


@pytest.mark.parametrize("kind", ["ec2", "serverless"])
def test_up(typed, kind):
    result = typed("up", "--dry-run", f"--kind={kind}", "--set", "IdleSeconds=600")
    assert result.exit_code == 0, result.output
    calls = [line.split("(")[0] for line in result.output.splitlines() if "(" in line]
    assert calls.index("cloudformation.create_stack") < calls.index("s3.upload_file")
    assert calls.index("s3.upload_file") < calls.index("cloudformation.update_stack")
    assert '{"ParameterKey": "IdleSeconds", "ParameterValue": "600"}' in result.output
    assert f'{{"ParameterKey": "Kind", "ParameterValue": "{kind}"}}' in result.output
    archive = "environment.tar.gz ->" in result.output
    assert archive == (kind == "serverless")


def test_run_on_a_cluster(typed):
    result = typed("run", "--dry-run", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert "emr.add_job_flow_steps(" in result.output
    assert '"--pipelines=ingestion", "--params=images=s3://b/p,storage=s3://b/r"]' in result.output
    assert "emr.describe_step(" in result.output


def test_run_on_serverless(typed):
    result = typed("run", "--dry-run", "--kind=serverless", "--no-wait", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert "emr-serverless.start_job_run(" in result.output
    assert "get_job_run(" not in result.output


@pytest.mark.parametrize("kind", ["ec2", "serverless"])
def test_status_and_logs(typed, kind):
    result = typed("status", "--dry-run", f"--kind={kind}")
    assert result.exit_code == 0, result.output
    result = typed("logs", "--dry-run", f"--kind={kind}")
    assert "s3.list_objects_v2(" in result.output, result.output


def test_down_says_what_it_would_remove(typed):
    result = typed("down", "--dry-run", "--delete-data")
    assert result.exit_code == 0, result.output
    assert "cloudformation.delete_stack(" in result.output
    assert "s3.delete_bucket(" in result.output
    assert "s3.delete_bucket(" not in typed("down", "--dry-run").output


def test_down_asks(typed, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = typed("down", answer="n\n")
    assert result.exit_code == 1
    assert "Remove the stack fruits-kedro in eu-west-1 and keep the bucket? [y/N]" in result.output


def test_an_error_is_one_sentence_and_exit_code_1(typed, tmp_path):
    result = typed("up", f"--folder={tmp_path}", "--dry-run")
    assert result.exit_code == 1
    assert result.output.splitlines()[1:] == [
        f"Error: There is no package in {tmp_path}: make it with kedro emr package."
    ]
    assert "write --set NAME=VALUE" in typed("up", "--set", "IdleSeconds").output
