"""``kedro emr …``: the project on Amazon EMR, on EC2 or Serverless."""

from pathlib import Path

import click

ARCHITECTURE = click.Choice(["x86_64", "aarch64"])
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
    from fruits_kedro.emr.package import make_package, plan_package
    from fruits_kedro.emr.target import Target

    project = Path.cwd()
    targets = [Target(name) for name in dict.fromkeys(architectures)]
    if dry_run:
        click.echo("\n".join(plan_package(project, folder, targets)))
        return
    made = make_package(project, folder, targets)
    for part in ("project", *(target.folder for target in targets)):
        size = sum(made.files[name]["bytes"] for name in made.names(part))
        click.echo(f"{folder / part}: {made.identity(part)}, {size / 1e6:.1f} MB")
