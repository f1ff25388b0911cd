"""What ``kedro emr up``, ``run`` and ``down`` do, with an account that acts or only prints."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr import bucket as buckets
from fruits_kedro.cluster.emr.aws import Account
from fruits_kedro.cluster.emr.jobs import Jobs, exit_code, follow, jobs_of
from fruits_kedro.cluster.emr.logs import awaited_log, log_tail, no_log
from fruits_kedro.cluster.emr.package import ENVIRONMENT, read_package
from fruits_kedro.cluster.emr.spark_submit import Job
from fruits_kedro.cluster.emr.stack import (
    TEMPLATE,
    Stack,
    apply_stack,
    delete_stack,
    find_stack,
    require_stack,
)
from fruits_kedro.hooks.storage import NOT_SET

_OURS = ("Kind", "BucketName", "CreateBucket", "Environment")
_SETTABLE = r"^  ([A-Z]\w+):\n    Type:"


def bring_up(
    account: Account,
    name: str,
    folder: Path,
    bucket: str | None,
    wanted: Mapping[str, str],
    kind: str | None,
) -> Stack:
    """Make the stack, send the package and start what runs jobs; again brings it up to date.

    The bucket comes first: a cluster reads its Python packages from there when it starts.

    Args:
        account: AWS.
        name: Of the stack.
        folder: The package's.
        bucket: Its name, or None for one of this account.
        wanted: Parameters of the template.
        kind: ``ec2`` or ``serverless``, or None for what it is.
    """
    _check_parameters(wanted)
    package = read_package(folder)
    before = find_stack(account, name)
    parameters = {**(before.parameters if before else {}), **wanted}
    known = parameters.get("Kind", "none")
    parameters["Kind"] = kind or (known if known != "none" else "ec2")
    if before is None:
        chosen = bucket or buckets.default_bucket(account)
        kept = buckets.is_kept(account, chosen)
        parameters |= {"BucketName": chosen, "CreateBucket": "false" if kept else "true"}
        apply_stack(account, name, TEMPLATE, parameters | {"Kind": "none"})
    elif bucket not in (None, parameters["BucketName"]):
        raise FruitsError(
            f"The stack {name} has the bucket {parameters['BucketName']}, which cannot be "
            "exchanged: leave --bucket out, or choose another --stack."
        )
    place, architecture = parameters["BucketName"], parameters.get("Architecture", "x86_64")
    on_nodes = parameters["Kind"] == "ec2"
    if on_nodes or not parameters.get("ImageUri"):
        sent = buckets.send_environment(account, place, package, architecture, packed=not on_nodes)
        parameters["Environment"] = sent
    return apply_stack(account, name, TEMPLATE, parameters)


def run_job(
    account: Account,
    name: str,
    folder: Path,
    options: Sequence[str],
    *,
    deploy_mode: str,
    wait: bool,
) -> int:
    """Send the package and run it with options of ``kedro run``; returns the exit code."""
    package = read_package(folder)
    stack = require_stack(account, name)
    _check_options(options, stack)
    jobs = jobs_of(account, stack, deploy_mode)
    architecture = stack.outputs["Architecture"]
    archive = ""
    if stack.kind == "serverless" and "Image" not in stack.outputs:
        sent = buckets.send_environment(account, stack.bucket, package, architecture, packed=True)
        archive = f"{sent}/{ENVIRONMENT}"
    elif stack.kind == "ec2":
        expected = buckets.environment_uri(stack.bucket, package, architecture)
        if stack.outputs["Environment"] not in (expected, "ENVIRONMENT"):
            raise FruitsError(
                f"The cluster was started with other Python packages than {folder} has: run kedro "
                "emr up, which starts a new cluster with them, or package what it was started with."
            )
    job = Job(buckets.send_project(account, stack.bucket, package), options, archive)
    job_id = jobs.submit(job, options)
    click.echo(f"job {job_id} runs {' '.join(['kedro run', *options])}")
    if not wait:
        click.echo("kedro emr status and kedro emr logs tell how it is.")
        return 0
    return _report(account, stack, jobs, job_id)


def take_down(account: Account, name: str, *, delete_data: bool) -> None:
    """Remove the stack, and the bucket with everything in it where that is wanted."""
    stack = find_stack(account, name)
    if stack is None:
        raise FruitsError(
            f"There is no stack {name} in {account.region}, so nothing is to be removed: choose "
            "another region (AWS_DEFAULT_REGION) or --stack where there should be one."
        )
    bucket = stack.parameters["BucketName"]
    delete_stack(account, name)
    if delete_data:
        count = buckets.empty_bucket(account, bucket)
        click.echo(f"Removed the stack {name} and s3://{bucket} with {count} objects.")
    else:
        click.echo(
            f"Removed the stack {name}. What remains and costs its storage: s3://{bucket} with "
            "packages, logs and results; kedro emr up takes it again."
        )


def status_lines(account: Account, name: str) -> list[str]:
    """How the stack, what runs jobs and the newest jobs are."""
    stack = require_stack(account, name)
    lines = [f"stack {name}: {stack.status}, s3://{stack.bucket}"]
    if stack.kind == "none":
        return [*lines, "nothing runs jobs: kedro emr up starts something that does"]
    jobs = jobs_of(account, stack)
    newest = [f"job {job_id}: {state}" for job_id, state in jobs.latest()]
    return [*lines, jobs.describe(), *(newest or ["no job yet: kedro emr run starts one"])]


def job_log(account: Account, name: str, job_id: str | None, lines: int) -> str:
    """The end of the logs of a job, or of the newest."""
    stack = require_stack(account, name)
    jobs = jobs_of(account, stack)
    newest = jobs.latest() if job_id is None else []
    chosen = job_id or next((found for found, _ in newest), None)
    if chosen is None:
        raise FruitsError(f"No job has run on the stack {name}: start one with kedro emr run.")
    prefix = jobs.log_prefix(chosen)
    return log_tail(account, stack.bucket, prefix, lines) or no_log(stack.bucket, prefix)


def _report(account: Account, stack: Stack, jobs: Jobs, job_id: str) -> int:
    state = follow(account, jobs, job_id)
    if state.succeeded:
        return 0
    log = awaited_log(account, stack.bucket, jobs.log_prefix(job_id))
    click.echo(log)
    code = exit_code(state, log)
    reason = f" ({state.reason.strip().rstrip('.')})" if state.reason.strip() else ""
    told = FruitsError(
        f"The job {job_id} ended as {state.name}{reason}, exit code {code}: look at its log above, "
        "mend that and run it again, which goes on from what was committed."
    )
    told.show()
    return code


def _check_parameters(wanted: Mapping[str, str]) -> None:
    if not TEMPLATE.is_file():
        raise FruitsError(f"{TEMPLATE} is missing: run this in the project's folder.")
    known = re.findall(_SETTABLE, TEMPLATE.read_text(), re.MULTILINE)
    settable = [name for name in known if name not in _OURS]
    for name in wanted:
        if name not in settable:
            raise FruitsError(
                f"{name} is no parameter of {TEMPLATE} that --set may give: there are "
                f"{', '.join(settable)}."
            )


def _check_options(options: Sequence[str], stack: Stack) -> None:
    """What would fail on the cluster only after minutes."""
    text = " ".join(options)
    values = dict(re.findall(r"(?:^--params=|[ ,=])(images|storage)=([^, ]+)", text))
    for place in ("images", "storage"):
        if place not in values and not _is_set_for_emr(place):
            raise FruitsError(
                f"The job is not told its {place}: add --params=images=s3://BUCKET/PHOTOS,"
                f"storage=s3://{stack.bucket}/results after the --."
            )
        if place in values and not re.match(r"s3a?://[^/]", values[place]):
            raise FruitsError(
                f"{place} is {values[place]}, which a cluster cannot reach: give an s3:// URI."
            )
    for named in re.findall(r"(?:--env=|--env |-e )(\S+)", text):
        if not (Path("conf") / named).is_dir():
            raise FruitsError(f"There is no environment {named} in conf: leave --env out for emr.")


def _is_set_for_emr(place: str) -> bool:
    """Whether somebody wrote a place into the environment's file, which says ``not-set`` else."""
    globals_of_emr = Path("conf") / "emr" / "globals.yml"
    lines = globals_of_emr.read_text().splitlines() if globals_of_emr.is_file() else []
    return any(line.startswith(f"{place}:") and NOT_SET not in line for line in lines)
