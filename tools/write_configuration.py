"""Write ``docs/configuration.md`` from the configuration files and the code that reads variables.

.venv/bin/python tools/write_configuration.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "configuration.md"
HEAD = """# Configuration

Written by `tools/write_configuration.py` (`make docs`) from the files in `conf/`. Numbers that
change results are [parameters](parameters.md) and have a page of their own; what is here says
where, with what, and on which machine.

`kedro run --env=NAME` reads `conf/base`, then `conf/NAME`, whose values come first; without `--env`
the environment is `local`, whose folder is yours and is not under version control. Whatever is
unknown or cannot be read is told before anything starts.
"""
VARIABLES = {
    "FRUITS_IMAGES": "The folder of photographs, where no parameter `images` is given.",
    "FRUITS_STORAGE": "The folder of every result, where no parameter `storage` is given.",
    "FRUITS_BACKGROUNDS": "The photographs behind augmented copies, where no parameter "
    "`backgrounds` is given.",
    "FRUITS_TRACKING": "Where runs are [recorded](tracking.md), where no parameter is given.",
    "FRUITS_CLASS_ARCHIVE": "Set by `tools/archive_classes.py` alone: the file that Java keeps "
    "Spark's classes in.",
    "FRUITS_SPARK_MASTER": "The master of a standalone cluster (`--env=cluster`), where no "
    "parameter `master` is given.",
    "FRUITS_PYTHON": "The Python that a job on EMR starts, where it is not the cluster's own.",
}
"""What the project's own variables mean; every one that its files name has to be here."""
OTHERS = {
    "JAVA_HOME": "The Java that Spark starts, where `java` is not on the path.",
    "PYSPARK_PYTHON": "The Python of Spark's workers, where it is not the driver's.",
    "SPARK_LOCAL_DIRS": "Spark's own temporary files.",
    "AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL, …": "The standard AWS environment: the only "
    "place where credentials for `s3://` come from.",
    "MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN": "Who you are to a "
    "tracking server.",
    "KEDRO_LOGGING_CONFIG": "Another file than `conf/logging.yml`.",
    "DO_NOT_TRACK": "Keeps Kedro's own telemetry off.",
}
FILES = {
    "globals.yml": ("Places", "A parameter of the same name comes first."),
    "spark.yml": (
        "Spark",
        "Any setting of Spark may be added, by its own name; `null` leaves one to the machine.",
    ),
    "mlflow.yml": ("MLflow", "In the format of kedro-mlflow."),
}


class Setting(NamedTuple):
    """One line of a configuration file.

    Attributes:
        name: Its name, with dots where it lies in groups.
        value: Its value as the file has it.
        reason: The comment above it.
    """

    name: str
    value: str
    reason: str


def document() -> str:
    """The whole file."""
    return "".join([HEAD, *_files(), *_variables()])


def settings_of(file: Path) -> Iterator[Setting]:
    """The settings of a YAML file, with the comments that YAML's own readers drop.

    Groups may be nested; values are on their own line, or folded (``>-``) below it.
    """
    groups: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in _unfolded(file.read_text().splitlines()):
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# ").rstrip())
        elif match := re.match(r"( *)([\w.-]+): ?(.*)", line):
            indent, name, value = len(match[1]), match[2], match[3]
            groups = [group for group in groups if group[0] < indent]
            if value:
                names = [*(group[1] for group in groups), name]
                yield Setting(".".join(names), value.strip('"'), " ".join(comment))
            else:
                groups.append((indent, name))
            comment = []


def _unfolded(lines: list[str]) -> Iterator[str]:
    """Lines with a folded value behind its name."""
    folded = ""
    for line in lines:
        if folded and line.startswith(" "):
            folded += f" {line.strip()}"
            continue
        if folded:
            yield folded
            folded = ""
        if line.endswith(": >-"):
            folded = line.removesuffix(" >-")
        else:
            yield line
    if folded:
        yield folded


def _files() -> Iterator[str]:
    for name, (title, note) in FILES.items():
        yield f"\n## {title}: `conf/<env>/{name}`\n\n{note}\n"
        for file in sorted((ROOT / "conf").glob(f"*/{name}"), key=_base_first):
            if file.parent.name != "local":
                yield f"\n`{file.relative_to(ROOT)}`\n\n"
                yield "| setting | value | why |\n| --- | --- | --- |\n"
                yield from (
                    _row(f"`{s.name}`", f"`{s.value}`", s.reason) for s in settings_of(file)
                )


def _base_first(file: Path) -> tuple[bool, str]:
    return file.parent.name != "base", str(file)


def _variables() -> Iterator[str]:
    yield "\n## Environment variables\n\n| variable | meaning |\n| --- | --- |\n"
    for names, meaning in (VARIABLES | OTHERS).items():
        yield _row(", ".join(f"`{n}`" if n != "…" else n for n in names.split(", ")), meaning)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def main() -> None:
    """Write the file."""
    FILE.write_text(document())


if __name__ == "__main__":
    main()
