"""``kedro emr package`` and ``kedro emr run``: the project on Amazon EMR, on EC2 or Serverless.

The cluster or application comes from the CloudFormation stack of ``infra/emr.yml``, whose outputs
say where jobs run. Credentials and region come from the standard AWS environment; none are stored.
Kedro imports this file at every start, so only the commands import boto3.
"""

import gzip
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml

from fruits_kedro import FruitsError
from fruits_kedro.cluster import package as packages
from fruits_kedro.cluster.package import Package, environment_part
from fruits_kedro.cluster.session import NOT_SET
from fruits_kedro.storage.s3 import s3_problem

NAME = "kedro run"
_POLL_SECONDS = 15
_LOG_TRIES, _LOG_SECONDS = 20, 20
"""How often the log is looked for: EMR on EC2 copies logs to S3 every five minutes."""
_LOG_LINES = 40
_SUCCEEDED = ("COMPLETED", "SUCCESS")
_FAILED = ("FAILED", "CANCELLED", "INTERRUPTED")
_PYTHON = "./environment/bin/python"
"""Python in the archive that Spark unpacks into the working folder of each process."""

_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist") / "emr",
    show_default=True,
    help="Where the package is on this machine.",
)


@click.group()
def emr() -> None:
    """Run the project on Amazon EMR, on EC2 or Serverless."""


@emr.command()
@_folder
@click.option(
    "--architecture",
    "architectures",
    type=click.Choice(packages.ARCHITECTURES),
    multiple=True,
    default=["x86_64"],
    show_default=True,
    help="Processors of the nodes, may be given twice (aarch64 is Graviton).",
)
def package(folder: Path, architectures: tuple[str, ...]) -> None:
    """Write what a cluster needs: code, configuration and locked packages, with checksums."""
    made = packages.make_package(Path.cwd(), folder, list(dict.fromkeys(architectures)))
    for name in made.files:
        click.echo(f"{folder / name}: {(folder / name).stat().st_size / 1e6:.1f} MB")


@emr.command()
@_folder
@click.option(
    "--stack", default="fruits-kedro", show_default=True, help="Name of the CloudFormation stack."
)
@click.option("--no-wait", is_flag=True, help="Return as soon as the job is accepted.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(folder: Path, stack: str, no_wait: bool, options: tuple[str, ...]) -> None:
    """Run the package on EMR with the OPTIONS of kedro run that follow --."""
    check_options(options)
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        sys.exit(run_job(stack, packages.read_package(folder), options, wait=not no_wait))
    except (BotoCoreError, ClientError, Boto3Error) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise FruitsError(
            s3_problem(first)
            or f"AWS did not do it ({first}): check AWS_PROFILE or the keys of the environment, "
            "AWS_DEFAULT_REGION and the rights of this user (docs/clusters.md)."
        ) from error


# --- what spark-submit is given ------------------------------------------------------------------


class Job(NamedTuple):
    """``kedro run`` with options, from a package's folder ``project`` and archive of libraries."""

    project: str
    environment: str
    options: Sequence[str] = ()

    @property
    def main(self) -> str:
        """The file that Spark starts."""
        return f"{self.project}/{packages.MAIN}"

    @property
    def arguments(self) -> list[str]:
        """Arguments of the entry file: configuration, options, and ``--env=emr`` by default."""
        given = any(word.split("=")[0] in ("--env", "-e") for word in self.options)
        source = f"--conf-source={self.project}/{packages.CONFIGURATION}"
        return [*([] if given else ["--env=emr"]), source, *self.options]

    def spark_words(self, **settings: str) -> list[str]:
        """Arguments of spark-submit that bring the code and the Python packages to every node."""
        named = {
            "spark.archives": f"{self.environment}#environment",
            "spark.pyspark.python": _PYTHON,
            "spark.pyspark.driver.python": _PYTHON,
            **settings,
        }
        confs = [word for name, value in named.items() for word in ("--conf", f"{name}={value}")]
        return ["--py-files", f"{self.project}/{packages.CODE}", *confs]


def yarn_arguments(job: Job, **settings: str) -> list[str]:
    """Arguments of ``spark-submit`` on YARN, with the driver on the cluster."""
    where = ["--master", "yarn", "--deploy-mode", "cluster"]
    return [*where, *job.spark_words(**settings), job.main, *job.arguments]


def serverless_parameters(job: Job) -> str:
    """``sparkSubmitParameters`` of EMR Serverless, one string."""
    python = {
        "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": _PYTHON,
        "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": _PYTHON,
        "spark.executorEnv.PYSPARK_PYTHON": _PYTHON,
    }
    return " ".join(job.spark_words(**python))


def check_options(options: Sequence[str]) -> None:
    """Raise FruitsError if photographs or storage are missing, or a cluster cannot reach them."""
    file = Path("conf") / "emr" / "globals.yml"
    configured = yaml.safe_load(file.read_text()) if file.is_file() else {}
    given = dict(re.findall(r"(?:^--params=|[ ,=])(images|storage)=([^, ]+)", " ".join(options)))
    for place in ("images", "storage"):
        if place in given and not re.match(r"s3a?://[^/]", given[place]):
            raise FruitsError(
                f"{place} is {given[place]}, which a cluster cannot reach: give an s3:// URI."
            )
        if place not in given and NOT_SET in str(configured.get(place, NOT_SET)):
            raise FruitsError(
                f"The job has no {place}: add --params=images=s3://BUCKET/PHOTOS,"
                "storage=s3://BUCKET/results after the --."
            )


# --- a job on AWS --------------------------------------------------------------------------------


Stack = Mapping[str, str]
"""Outputs of the CloudFormation stack: ``Bucket`` (packages and logs), ``Architecture``, and
``ClusterId`` (EC2) or ``ApplicationId`` and ``JobRoleArn`` (Serverless)."""


def run_job(stack_name: str, package: Package, options: Sequence[str], *, wait: bool) -> int:
    """Send the package, start the job, follow it to its end and return the exit code."""
    stack = find_stack(stack_name)
    architecture, bucket = stack["Architecture"], stack["Bucket"]
    part = environment_part(architecture)
    if not package.names(part):
        raise FruitsError(
            f"The package has no {part}: run kedro emr package --architecture={architecture}."
        )
    environment = f"{send(package, part, bucket)}/{packages.ENVIRONMENT}"
    job = Job(send(package, packages.PROJECT, bucket), environment, options)
    job_id = submit(stack, job)
    click.echo(f"job {job_id} runs {' '.join([NAME, *options])}")
    if not wait:
        return 0
    name, reason = follow(stack, job_id)
    if name in _SUCCEEDED:
        return 0
    log = awaited_log(stack, job_id)
    click.echo(log)
    code = exit_code(f"{reason}\n{log}")
    because = f" ({reason.strip().rstrip('.')})" if reason.strip() else ""
    FruitsError(
        f"The job {job_id} ended as {name}{because}, exit code {code}: fix what its log above "
        "says and run it again; committed work is kept."
    ).show()
    return code


def find_stack(name: str) -> Stack:
    """The stack of that name. Raises FruitsError if there is none, or it is not ready."""
    try:
        [found] = _client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except Exception as error:
        if "does not exist" not in str(error):
            raise
        found = {}
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    if not {"ClusterId", "ApplicationId"} & outputs.keys():
        raise FruitsError(
            f"The stack {name} is {found.get('StackStatus', 'missing')} in this region and runs no "
            "jobs: make it with aws cloudformation deploy (docs/clusters.md), or choose another "
            "region (AWS_DEFAULT_REGION) or --stack."
        )
    return outputs


def send(package: Package, part: str, bucket: str) -> str:
    """Upload one part of a package unless the bucket has it, and return its folder's URI."""
    prefix = f"packages/{part}-{package.identity(part)}"
    store = _bucket(bucket)
    there = {found.key: found.size for found in store.objects.filter(Prefix=prefix)}
    for name in package.names(part):
        path, key = package.folder / name, f"{prefix}/{Path(name).name}"
        size = path.stat().st_size
        # The prefix is a hash of the content, so an object of equal size is this file.
        if there.get(key) != size:
            click.echo(f"sending {name}, {size / 1e6:.1f} MB")
            store.upload_file(str(path), key, ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    return f"s3://{bucket}/{prefix}"


def submit(stack: Stack, job: Job) -> str:
    """Start a job; returns its id. Raises FruitsError if the cluster ended, as idle ones do."""
    name = " ".join([NAME, *job.options])[:256]
    if "ClusterId" in stack:
        emr, cluster = _client("emr"), stack["ClusterId"]
        state = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"]
        if state.startswith("TERMINAT"):
            raise FruitsError(
                f"The cluster {cluster} is {state}, as clusters are after IdleSeconds without "
                "work: delete the stack, which keeps the bucket, and deploy it again "
                "(docs/clusters.md)."
            )
        jar = {"Jar": "command-runner.jar", "Args": ["spark-submit", *yarn_arguments(job)]}
        step = {"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}
        return emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"][0]
    logs = {"s3MonitoringConfiguration": {"logUri": f"s3://{stack['Bucket']}/logs/"}}
    started = {
        "entryPoint": job.main,
        "entryPointArguments": job.arguments,
        "sparkSubmitParameters": serverless_parameters(job),
    }
    return _client("emr-serverless").start_job_run(
        applicationId=stack["ApplicationId"],
        executionRoleArn=stack["JobRoleArn"],
        name=name,
        jobDriver={"sparkSubmit": started},
        configurationOverrides={"monitoringConfiguration": logs},
        tags={"project": "fruits-kedro"},
    )["jobRunId"]


def follow(stack: Stack, job_id: str) -> tuple[str, str]:
    """Print each state of a job until it has ended; returns the last state and its reason."""
    shown = ""
    while True:
        name, reason = _state(stack, job_id)
        if name != shown:
            click.echo(f"job {job_id}: {name}")
            shown = name
        if name in _SUCCEEDED + _FAILED:
            return name, reason
        time.sleep(_POLL_SECONDS)


def _state(stack: Stack, job_id: str) -> tuple[str, str]:
    if "ClusterId" in stack:
        answer = _client("emr").describe_step(ClusterId=stack["ClusterId"], StepId=job_id)
        status = answer["Step"]["Status"]
        details = status.get("FailureDetails", {})
        reason = details.get("Message") or details.get("Reason") or ""
        return status["State"], reason or status.get("StateChangeReason", {}).get("Message", "")
    named = {"applicationId": stack["ApplicationId"], "jobRunId": job_id}
    job_run = _client("emr-serverless").get_job_run(**named)["jobRun"]
    return job_run["state"], job_run.get("stateDetails", "")


def exit_code(text: str) -> int:
    """The exit code of a failed job, read from EMR's message or the log; 1 if neither has it."""
    found = re.findall(r"(?i)exit(?: ?code|ed with status)[:= ]+(\d{1,3})", text)
    codes = [int(code) for code in found if 0 < int(code) < 256]
    return codes[-1] if codes else 1


# --- its log -------------------------------------------------------------------------------------


def awaited_log(stack: Stack, job_id: str) -> str:
    """The end of the driver's log. Waits for it: EMR takes minutes to write it."""
    for _ in range(_LOG_TRIES):
        text = log_tail(stack, job_id)
        if text:
            return text
        time.sleep(_LOG_SECONDS)
    return f"There is no log at s3://{stack['Bucket']}/{log_prefix(stack, job_id)} yet."


def log_prefix(stack: Stack, job_id: str) -> str:
    """Where in the bucket the logs of a job begin."""
    if "ClusterId" in stack:
        return f"logs/{stack['ClusterId']}/steps/{job_id}/"
    return f"logs/applications/{stack['ApplicationId']}/jobs/{job_id}/"


def log_tail(stack: Stack, job_id: str) -> str:
    """The last lines of each log of a job's driver; empty if EMR has written none yet."""
    bucket = stack["Bucket"]
    texts = _logs(bucket, log_prefix(stack, job_id), r"/(stdout|stderr)(\.gz)?$")
    texts = {name: text for name, text in texts.items() if "SPARK_EXECUTOR" not in name}
    for application in sorted(set(re.findall(r"application_\d+_\d+", "".join(texts.values())))):
        # On EC2 the driver is the first container of the application.
        containers = f"logs/{stack.get('ClusterId')}/containers/{application}/"
        texts |= _logs(bucket, containers, r"_000001/(stdout|stderr)(\.gz)?$")
    return "\n".join(
        f"--- s3://{bucket}/{name}\n" + "\n".join(text.splitlines()[-_LOG_LINES:])
        for name, text in texts.items()
        if text.strip()
    )


def _logs(bucket: str, prefix: str, pattern: str) -> dict[str, str]:
    texts = {}
    for found in _bucket(bucket).objects.filter(Prefix=prefix):
        if re.search(pattern, found.key):
            body = found.get()["Body"].read()
            content = gzip.decompress(body) if found.key.endswith(".gz") else body
            texts[found.key] = content.decode(errors="replace")
    return texts


def _bucket(name: str) -> Any:
    import boto3

    return boto3.resource("s3").Bucket(name)


def _client(service: str) -> Any:
    import boto3

    return boto3.client(service)
