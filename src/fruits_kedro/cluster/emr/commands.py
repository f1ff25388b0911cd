"""``kedro emr …``: the project on Amazon EMR, on EC2 or Serverless.

Nothing heavy is imported here: every start of Kedro imports this file.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fruits_kedro.cluster.emr.aws import Account

ARCHITECTURE = click.Choice(["x86_64", "aarch64"])
_KIND = click.Choice(["ec2", "serverless"])
_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist") / "emr",
    show_default=True,
    help="Where the package is on this machine.",
)
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Print exactly what would be done, and do nothing."
)
_stack = click.option(
    "--stack", default="fruits-kedro", show_default=True, help="Name of the CloudFormation stack."
)
_kind_to_print = click.option(
    "--kind", type=_KIND, default="ec2", show_default=True, help="For --dry-run: what to assume."
)


@click.group()
def emr() -> None:
    """Run the project on Amazon EMR, on EC2 or Serverless."""


@emr.command()
@_folder
@click.option(
    "--architecture",
    "architectures",
    type=ARCHITECTURE,
    multiple=True,
    default=["x86_64"],
    show_default=True,
    help="Processors of the nodes, may be given twice (aarch64 is Graviton).",
)
@_dry_run
def package(folder: Path, architectures: tuple[str, ...], dry_run: bool) -> None:
    """Make what a cluster needs: wheel, configuration, locked packages, with checksums."""
    from fruits_kedro.cluster.emr.package import make_package, plan_package
    from fruits_kedro.cluster.emr.target import Target

    project = Path.cwd()
    targets = [Target(name) for name in dict.fromkeys(architectures)]
    if dry_run:
        click.echo("\n".join(plan_package(project, folder, targets)))
        return
    made = make_package(project, folder, targets)
    for part in ("project", *(target.folder for target in targets)):
        size = sum(made.files[name]["bytes"] for name in made.names(part))
        click.echo(f"{folder / part}: {made.identity(part)}, {size / 1e6:.1f} MB")


@emr.command()
@_folder
@_stack
@click.option(
    "--kind", type=_KIND, help="What runs jobs. What it was, or ec2 where there is no stack yet."
)
@click.option("--bucket", help="Name of the bucket. One of the account and region unless given.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of infra/emr.yml, may be given again: sizes, network, notebooks.",
)
@_dry_run
def up(
    folder: Path,
    stack: str,
    kind: str | None,
    bucket: str | None,
    settings: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Make bucket, roles and what runs jobs, or bring them up to date, and send the package."""
    from fruits_kedro.cluster.emr.actions import bring_up
    from fruits_kedro.cluster.emr.dry_run import up_account

    wanted = _read_settings(settings)
    account = up_account(bucket) if dry_run else _account()
    made = bring_up(account, stack, folder, bucket, wanted, kind)
    click.echo(f"stack {stack} is ready: {made.kind}, s3://{made.bucket}")


@emr.command()
@_folder
@_stack
@click.option(
    "--deploy-mode",
    type=click.Choice(["client", "cluster"]),
    default="client",
    show_default=True,
    help="On EC2: where the driver runs, the primary node or a core node.",
)
@click.option("--no-wait", is_flag=True, help="Come back as soon as the job is accepted.")
@_kind_to_print
@_dry_run
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(
    folder: Path,
    stack: str,
    deploy_mode: str,
    no_wait: bool,
    kind: str,
    dry_run: bool,
    options: tuple[str, ...],
) -> None:
    """Send the package, run it with the OPTIONS of kedro run after a --, return its exit code."""
    from fruits_kedro.cluster.emr.actions import run_job
    from fruits_kedro.cluster.emr.dry_run import job_account

    account = job_account(kind) if dry_run else _account()
    sys.exit(run_job(account, stack, folder, options, deploy_mode=deploy_mode, wait=not no_wait))


@emr.command()
@_stack
@_kind_to_print
@_dry_run
def status(stack: str, kind: str, dry_run: bool) -> None:
    """Tell how the stack and the newest jobs are."""
    from fruits_kedro.cluster.emr.actions import status_lines
    from fruits_kedro.cluster.emr.dry_run import job_account

    account = job_account(kind) if dry_run else _account()
    click.echo("\n".join(status_lines(account, stack)))


@emr.command()
@_stack
@click.option("--lines", default=100, show_default=True, help="Of each log, the last ones.")
@_kind_to_print
@_dry_run
@click.argument("job", required=False)
def logs(stack: str, lines: int, kind: str, dry_run: bool, job: str | None) -> None:
    """Show the end of the logs of a JOB, or of the newest."""
    from fruits_kedro.cluster.emr.actions import job_log
    from fruits_kedro.cluster.emr.dry_run import job_account

    account = job_account(kind) if dry_run else _account()
    click.echo(job_log(account, stack, job, lines))


@emr.command()
@_stack
@click.option("--delete-data", is_flag=True, help="Remove the bucket, too, with all results.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_kind_to_print
@_dry_run
def down(stack: str, delete_data: bool, yes: bool, kind: str, dry_run: bool) -> None:
    """Remove everything that costs money, but not the data unless --delete-data."""
    from fruits_kedro.cluster.emr.actions import take_down
    from fruits_kedro.cluster.emr.dry_run import down_account

    account = down_account(kind) if dry_run else _account()
    if not (yes or dry_run):
        data = "AND THE BUCKET WITH ALL RESULTS" if delete_data else "and keep the bucket"
        click.confirm(f"Remove the stack {stack} in {account.region} {data}?", abort=True)
    take_down(account, stack, delete_data=delete_data)


def _account() -> "Account":
    from fruits_kedro.cluster.emr.aws import RealAccount

    return RealAccount()


def _read_settings(settings: tuple[str, ...]) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise click.BadParameter(f"{wrong[0]} has no value: write --set NAME=VALUE")
    return {name: value for name, _, value in pairs}
