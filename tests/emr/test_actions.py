"""``kedro emr up, run, status, logs, down`` against moto's server, over HTTP as against AWS."""

import gzip
import hashlib
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.emr.models import emr_backends
from moto.server import ThreadedMotoServer
from small_packages import X86

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.actions import bring_up, job_log, run_job, status_lines, take_down
from fruits_kedro.cluster.emr.aws import RealAccount
from fruits_kedro.cluster.emr.bucket import environment_uri, is_kept
from fruits_kedro.cluster.emr.package import make_package
from fruits_kedro.cluster.emr.stack import TEMPLATE, apply_stack, find_stack

REGION = "us-east-1"
"""moto's EMR knows no other where its address names none."""
OPTIONS = ["--params=images=s3://photos/fruits,storage=s3://results/1"]
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture(scope="module")
def environment(emr_project) -> Iterator[pytest.MonkeyPatch]:
    """An account without anything, in the folder of a project."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(emr_project)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.delenv("AWS_PROFILE", raising=False)
        for name in SECRETS:
            patch.setenv(name, "testing")
        yield patch
    server.stop()


@pytest.fixture(scope="module")
def account(environment) -> RealAccount:
    made = RealAccount()
    environment.setattr(made, "wait", lambda seconds: None)
    return made


@pytest.fixture(scope="module")
def cluster(account, emr_package) -> RealAccount:
    """The account with a stack of a cluster.

    Made at once, since moto loses the id of a cluster that an update makes; and kept alive, since
    moto ends one without steps.
    """
    environment = environment_uri("fk-bucket", emr_package, "x86_64")
    given = {"BucketName": "fk-bucket", "Kind": "ec2", "Environment": environment}
    apply_stack(account, "fk", TEMPLATE, given)
    cluster_in_moto(account).state = "WAITING"
    return account


def cluster_in_moto(account: RealAccount) -> Any:
    """moto's own record of the cluster of the stack fk."""
    stack = find_stack(account, "fk")
    return emr_backends[DEFAULT_ACCOUNT_ID][REGION].clusters[stack.outputs["ClusterId"]]


def keys(account: RealAccount, bucket: str) -> list[str]:
    listed = account.call("s3", "list_objects_v2", Bucket=bucket).get("Contents", [])
    return [found["Key"] for found in listed]


def end_next_step(account: RealAccount, monkeypatch, state: str) -> None:
    """moto's steps stay as they are; this one ends while it is waited for."""

    def wait(seconds: float) -> None:
        cluster_in_moto(account).steps[-1].state = state

    monkeypatch.setattr(account, "wait", wait)


def test_up_makes_the_stack_and_sends_what_a_cluster_needs(account, emr_package, capsys):
    settings = {"MaximumNodes": "4"}
    made = bring_up(account, "fk1", emr_package.folder, "fk1-bucket", settings, None)
    environment = f"environments/{emr_package.identity('environment-x86_64')}"
    assert made.parameters["Environment"] == f"s3://fk1-bucket/{environment}"
    assert (made.kind, made.parameters["MaximumNodes"]) == ("ec2", "4")
    sent = keys(account, "fk1-bucket")
    assert f"{environment}/bootstrap.sh" in sent
    assert f"{environment}/wheels/tinyone-1.0-py3-none-any.whl" in sent
    assert not [key for key in sent if key.endswith("environment.tar.gz")]
    capsys.readouterr()
    again = bring_up(account, "fk1", emr_package.folder, None, {}, None)
    assert again.parameters["MaximumNodes"] == "4"
    assert "sending" not in capsys.readouterr().out


def test_a_job_that_ends_well_returns_0(cluster, emr_package, monkeypatch, capsys):
    end_next_step(cluster, monkeypatch, "COMPLETED")
    code = run_job(cluster, "fk", emr_package.folder, OPTIONS, deploy_mode="cluster", wait=True)
    assert code == 0
    assert "COMPLETED" in capsys.readouterr().out
    found = cluster_in_moto(cluster)
    step = cluster.call("emr", "list_steps", ClusterId=found.id)["Steps"][0]
    words = step["Config"]["Args"]
    assert words[:5] == ["spark-submit", "--master", "yarn", "--deploy-mode", "cluster"]
    package = f"packages/{emr_package.identity('project')}"
    assert words[-3:] == [
        "--env=emr",
        f"--conf-source=s3://fk-bucket/{package}/conf-fruits_kedro.tar.gz",
        *OPTIONS,
    ]
    assert f"{package}/run.py" in keys(cluster, "fk-bucket")


def test_a_job_that_fails_shows_its_log_and_returns_its_exit_code(
    cluster, emr_package, monkeypatch, capsys
):
    arguments = (cluster, "fk", emr_package.folder, OPTIONS)
    assert run_job(*arguments, deploy_mode="client", wait=False) == 0
    lines = status_lines(cluster, "fk")
    assert lines[0] == "stack fk: CREATE_COMPLETE, s3://fk-bucket"
    step_id = re.findall(r"job (\S+) runs", capsys.readouterr().out)[0]
    assert f"job {step_id}: PENDING" in lines
    assert "There is no log at" in job_log(cluster, "fk", None, 5)
    found = cluster_in_moto(cluster)
    logs = {
        f"steps/{step_id}/stdout.gz": "\n".join(f"line {n}" for n in range(100)),
        f"steps/{step_id}/stderr.gz": "started application_17_0001\nexitCode: 3",
        f"steps/{step_id}/executor.txt": "of no use",
        "containers/application_17_0001/container_17_0001_01_000001/stdout.gz": "the driver",
        "containers/application_17_0001/container_17_0001_01_000002/stdout.gz": "a worker",
        "containers/application_17_0002/container_17_0002_01_000001/stdout.gz": "another",
    }
    for name, text in logs.items():
        body = gzip.compress(text.encode())
        key = f"logs/{found.id}/{name}"
        cluster.call("s3", "put_object", Bucket="fk-bucket", Key=key, Body=body)
    tail = job_log(cluster, "fk", step_id, 5)
    assert "line 99" in tail and "line 94\n" not in tail
    assert "the driver" in tail
    assert not [word for word in ("of no use", "a worker", "another") if word in tail]

    # The next job's log lies where this one's does.
    end_next_step(cluster, monkeypatch, "FAILED")
    monkeypatch.setattr(
        "fruits_kedro.cluster.emr.jobs.ClusterJobs.log_prefix",
        lambda self, job: (f"logs/{found.id}/steps/{step_id}/"),
    )
    capsys.readouterr()
    assert run_job(*arguments, deploy_mode="client", wait=True) == 3
    printed = capsys.readouterr()
    assert "line 99" in printed.out
    assert printed.err.count("\n") == 1
    assert "FAILED" in printed.err and "exit code 3" in printed.err


def test_down_removes_the_data_where_that_is_asked_for(account, capsys):
    apply_stack(account, "fk2", TEMPLATE, {"BucketName": "fk2-bucket"})
    account.call("s3", "put_object", Bucket="fk2-bucket", Key="results/1", Body=b"1")
    take_down(account, "fk2", delete_data=True)
    assert "Removed the stack fk2 and s3://fk2-bucket" in capsys.readouterr().out
    names = [bucket["Name"] for bucket in account.call("s3", "list_buckets")["Buckets"]]
    assert "fk2-bucket" not in names
    with pytest.raises(FruitsError, match="There is no stack fk2 in us-east-1, so nothing"):
        take_down(account, "fk2", delete_data=False)


def test_a_bucket_that_was_kept_is_taken_again(account, emr_package, capsys):
    account.call("s3", "create_bucket", Bucket="kept")
    tags = [{"Key": "project", "Value": "fruits-kedro"}]
    account.call("s3", "put_bucket_tagging", Bucket="kept", Tagging={"TagSet": tags})
    stack = bring_up(account, "fk3", emr_package.folder, "kept", {}, "ec2")
    assert stack.parameters["CreateBucket"] == "false"
    take_down(account, "fk3", delete_data=False)
    assert "What remains and costs its storage: s3://kept" in capsys.readouterr().out
    assert keys(account, "kept")


# --- one sentence for every error ----------------------------------------------------------------


def test_a_bucket_of_something_else_is_left_alone(account, emr_package):
    account.call("s3", "create_bucket", Bucket="other")
    with pytest.raises(FruitsError, match="The bucket other exists and is not of this project"):
        bring_up(account, "fk4", emr_package.folder, "other", {}, "ec2")
    assert not is_kept(account, "no-such-bucket")


def test_no_stack_in_this_region(cluster, emr_package, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    elsewhere = RealAccount()
    with pytest.raises(FruitsError, match="There is no stack fk in eu-west-1: make one with kedro"):
        run_job(elsewhere, "fk", emr_package.folder, OPTIONS, deploy_mode="client", wait=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "The job is not told its images"),
        (["--params=images=s3://b/p"], "The job is not told its storage"),
        (["--params=images=/my/p,storage=s3://b/r"], "images is /my/p, which a cluster cannot"),
        ([*OPTIONS, "--env=emmr"], "There is no environment emmr in conf"),
    ],
)
def test_options_that_would_fail_minutes_later(cluster, emr_package, options, sentence):
    with pytest.raises(FruitsError, match=sentence):
        run_job(cluster, "fk", emr_package.folder, options, deploy_mode="client", wait=True)


def test_places_written_for_emr_need_not_be_told(cluster, emr_project, emr_package):
    file = emr_project / "conf" / "emr" / "globals.yml"
    before = file.read_text()
    file.write_text("images: s3://b/p\nstorage: s3://b/r\n")
    try:
        arguments = (cluster, "fk", emr_package.folder, ["--pipelines=ingestion"])
        assert run_job(*arguments, deploy_mode="client", wait=False) == 0
    finally:
        file.write_text(before)


def test_other_packages_than_the_cluster_has(cluster, emr_project, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(emr_project / "index"))
    package = make_package(emr_project, tmp_path / "package", [X86])
    changed = package.folder / "environment-x86_64" / "bootstrap.sh"
    text = (package.folder / "manifest.json").read_text()
    before = package.files["environment-x86_64/bootstrap.sh"]["sha256"]
    changed.write_text("# another\n")
    after = hashlib.sha256(changed.read_bytes()).hexdigest()
    (package.folder / "manifest.json").write_text(text.replace(before, after))
    with pytest.raises(FruitsError, match="started with other Python packages than"):
        run_job(cluster, "fk", package.folder, OPTIONS, deploy_mode="client", wait=True)


def test_a_cluster_that_ended_itself(cluster, emr_package, monkeypatch):
    monkeypatch.setattr(cluster_in_moto(cluster), "state", "TERMINATED")
    with pytest.raises(FruitsError, match="is TERMINATED, as clusters are that had no work"):
        run_job(cluster, "fk", emr_package.folder, OPTIONS, deploy_mode="client", wait=True)


def test_a_setting_that_is_none(account, emr_package):
    with pytest.raises(
        FruitsError, match=r"MaximumNode is no parameter of .* there are .*CoreType"
    ):
        bring_up(account, "fk4", emr_package.folder, None, {"MaximumNode": "4"}, "ec2")


def test_a_package_for_other_processors(account, emr_package):
    with pytest.raises(FruitsError, match="not made for aarch64: run kedro emr package --arch"):
        bring_up(account, "fk4", emr_package.folder, "b-1", {"Architecture": "aarch64"}, "ec2")


def test_no_credentials(account, monkeypatch, tmp_path):
    for name in SECRETS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(FruitsError, match="There are no AWS credentials here: give them, set"):
        RealAccount().call("sts", "get_caller_identity")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(FruitsError, match=r"\(nobody\) could not be found\): name one of"):
        RealAccount()
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(FruitsError, match="There is no AWS region: set AWS_DEFAULT_REGION"):
        RealAccount()


def test_an_address_where_nothing_is(account, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(FruitsError, match="check the connection and the region"):
        RealAccount().call("sts", "get_caller_identity")
