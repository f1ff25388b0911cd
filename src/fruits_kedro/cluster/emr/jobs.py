"""Jobs on a stack: steps of a cluster, or job runs of an application of EMR Serverless."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import click

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.aws import Account
from fruits_kedro.cluster.emr.spark_submit import Job, serverless_parameters, yarn_arguments
from fruits_kedro.cluster.emr.stack import Stack

NAME = "kedro run"
_POLL_SECONDS = 15
_SUCCEEDED = ("COMPLETED", "SUCCESS")
_FAILED = ("FAILED", "CANCELLED", "INTERRUPTED")


@dataclass(frozen=True)
class State:
    """A job as it is.

    Attributes:
        name: EMR's word.
        reason: What EMR says of it, maybe nothing.
    """

    name: str
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.name in _SUCCEEDED + _FAILED

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.name in _SUCCEEDED


class Jobs(Protocol):
    """What runs jobs."""

    def submit(self, job: Job, options: Sequence[str]) -> str:
        """Start a job; returns its id."""

    def state(self, job_id: str) -> State:
        """How a job is."""

    def latest(self) -> list[tuple[str, str]]:
        """Ids and states of the newest jobs, the newest first."""

    def describe(self) -> str:
        """What runs jobs, and how it is."""

    def log_prefix(self, job_id: str) -> str:
        """Where in the bucket the logs of a job begin."""


class ClusterJobs:
    """Steps of a cluster on EC2.

    Args:
        account: AWS.
        stack: With a cluster.
        deploy_mode: Of spark-submit: ``client`` (the driver on the primary node, its log in the
            step's) or ``cluster``.
    """

    def __init__(self, account: Account, stack: Stack, deploy_mode: str = "client") -> None:
        self._account, self._cluster = account, stack.outputs["ClusterId"]
        self._deploy_mode = deploy_mode

    def submit(self, job: Job, options: Sequence[str]) -> str:
        """See ``Jobs``.

        Raises:
            FruitsError: Where the cluster has ended, as it does when it is idle.
        """
        state = self._state()
        if state.startswith("TERMINAT"):
            raise FruitsError(
                f"The cluster {self._cluster} is {state}, as clusters are that had no work: run "
                "kedro emr down, then kedro emr up, which starts a new one and keeps the bucket."
            )
        arguments = ["spark-submit", *yarn_arguments(job, self._deploy_mode)]
        step = {
            "Name": " ".join([NAME, *options])[:256],
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": arguments},
        }
        answer = self._account.call(
            "emr", "add_job_flow_steps", JobFlowId=self._cluster, Steps=[step]
        )
        job_id: str = answer["StepIds"][0]
        return job_id

    def state(self, job_id: str) -> State:
        """See ``Jobs``."""
        answer = self._account.call("emr", "describe_step", ClusterId=self._cluster, StepId=job_id)
        status = answer["Step"]["Status"]
        details = status.get("FailureDetails", {})
        said = details.get("Message") or details.get("Reason") or ""
        return State(
            status["State"], said or status.get("StateChangeReason", {}).get("Message", "")
        )

    def latest(self) -> list[tuple[str, str]]:
        """See ``Jobs``."""
        answer = self._account.call("emr", "list_steps", ClusterId=self._cluster)
        return [(step["Id"], step["Status"]["State"]) for step in answer.get("Steps", [])]

    def describe(self) -> str:
        """See ``Jobs``."""
        return f"cluster {self._cluster}: {self._state()}"

    def log_prefix(self, job_id: str) -> str:
        """See ``Jobs``; the logs of YARN lie beside those of the step."""
        return f"logs/{self._cluster}/steps/{job_id}/"

    def _state(self) -> str:
        answer = self._account.call("emr", "describe_cluster", ClusterId=self._cluster)
        state: str = answer["Cluster"]["Status"]["State"]
        return state


class ServerlessJobs:
    """Job runs of an application of EMR Serverless.

    Args:
        account: AWS.
        stack: With an application.
    """

    def __init__(self, account: Account, stack: Stack) -> None:
        self._account, self._stack = account, stack
        self._application = stack.outputs["ApplicationId"]

    def submit(self, job: Job, options: Sequence[str]) -> str:
        """See ``Jobs``."""
        answer = self._call(
            "start_job_run",
            # A repeated request of the same token starts nothing anew.
            clientToken=str(uuid.uuid4()),
            executionRoleArn=self._stack.outputs["JobRoleArn"],
            name=" ".join([NAME, *options])[:256],
            jobDriver={
                "sparkSubmit": {
                    "entryPoint": job.main,
                    "entryPointArguments": job.arguments,
                    "sparkSubmitParameters": serverless_parameters(job),
                }
            },
            configurationOverrides={
                "monitoringConfiguration": {
                    "s3MonitoringConfiguration": {"logUri": f"s3://{self._stack.bucket}/logs/"}
                }
            },
            tags={"project": "fruits-kedro"},
        )
        job_id: str = answer["jobRunId"]
        return job_id

    def state(self, job_id: str) -> State:
        """See ``Jobs``."""
        run = self._call("get_job_run", jobRunId=job_id)["jobRun"]
        return State(run["state"], run.get("stateDetails", ""))

    def latest(self) -> list[tuple[str, str]]:
        """See ``Jobs``."""
        runs = self._call("list_job_runs", maxResults=20).get("jobRuns", [])
        return [(run["id"], run["state"]) for run in runs]

    def describe(self) -> str:
        """See ``Jobs``."""
        found = self._call("get_application")["application"]
        return f"application {self._application}: {found['state']}"

    def log_prefix(self, job_id: str) -> str:
        """See ``Jobs``."""
        return f"logs/applications/{self._application}/jobs/{job_id}/"

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._account.call(
            "emr-serverless", operation, applicationId=self._application, **parameters
        )


def jobs_of(account: Account, stack: Stack, deploy_mode: str = "client") -> Jobs:
    """What runs jobs in a stack.

    Raises:
        FruitsError: Where nothing does.
    """
    if "ClusterId" in stack.outputs:
        return ClusterJobs(account, stack, deploy_mode)
    if "ApplicationId" in stack.outputs:
        return ServerlessJobs(account, stack)
    raise FruitsError(
        f"The stack {stack.name} has neither a cluster nor an application: run kedro emr up."
    )


def follow(account: Account, jobs: Jobs, job_id: str) -> State:
    """Tell each state of a job until it has ended."""
    told = ""
    while True:
        state = jobs.state(job_id)
        if state.name != told:
            click.echo(f"job {job_id}: {state.name}")
            told = state.name
        if state.ended:
            return state
        account.wait(_POLL_SECONDS)


def exit_code(state: State, log: str) -> int:
    """The exit code of a job: as EMR or the log tells it, else 1 where it failed."""
    if state.succeeded:
        return 0
    told = re.findall(r"(?i)exit(?: ?code|ed with status)[:= ]+(\d{1,3})", f"{state.reason}\n{log}")
    codes = [int(code) for code in told if 0 < int(code) < 256]
    return codes[-1] if codes else 1
