"""Write ``docs/parameters.md`` and ``docs/configuration.md`` from code and configuration.

``make docs`` runs it; a test holds both pages to what it would write.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from fruits_kedro.parameters import Parameters

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
JAVA_INT = 2**31 - 1
"""The largest value of Spark's whole numbers: as a limit it says nothing to a reader."""

PARAMETERS_HEAD = """# Parameters

Written by `tools/write_docs.py` (`make docs`) from the schema in `src/fruits_kedro/parameters/`,
which checks every value before anything starts, and from `conf/base/parameters_*.yml`, which gives
the reason for each value.

Set a parameter for one run with `kedro run --params=reduction.k=0.9,split.seed=7`, or keep it in
`conf/local/parameters.yml`.
"""
TYPES = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "names and values",
    "array": "list",
    "string": "text",
}

CONFIGURATION_HEAD = """# Configuration

Written by `tools/write_docs.py` (`make docs`) from the files in `conf/`. Numbers that change
results are [parameters](parameters.md); this page is about places, clusters and machines.

`kedro run --env=NAME` reads `conf/base`, then `conf/NAME`, which takes precedence. Without `--env`
the environment is `local`: its folder is yours and is not under version control. Unknown or
unreadable settings stop a run before anything starts.
"""
FILES = {
    "globals.yml": ("Places", "A parameter of the same name takes precedence."),
    "spark.yml": (
        "Spark",
        "Add any setting of Spark by its own name; `null` leaves a setting to the machine.",
    ),
}
VARIABLES = {
    "FRUITS_IMAGES": "Folder of photographs, unless the parameter `images` is given.",
    "FRUITS_OWN": "Folders of your own photographs, unless the parameter `own` is given.",
    "FRUITS_STORAGE": "Folder of all results, unless the parameter `storage` is given.",
    "FRUITS_BACKGROUNDS": "Photographs behind augmented copies, unless the parameter "
    "`backgrounds` is given.",
    "FRUITS_TRACKING": "Where runs are [recorded](tracking.md), unless a parameter says so.",
    "FRUITS_CLASS_ARCHIVE": "Set by `tools/archive_classes.py` only: the file in which Java keeps "
    "Spark's classes.",
    "FRUITS_SPARK_MASTER": "Master of a standalone cluster (`--env=cluster`), unless the parameter "
    "`master` is given.",
    "FRUITS_PYTHON": "Python of a job on EMR, if it is not the cluster's own.",
}
"""Meaning of the project's own variables; a test wants every one that code or ``conf`` names."""
OTHERS = {
    "JAVA_HOME": "The Java that runs Spark, if `java` is not on the path.",
    "PYSPARK_PYTHON": "Python of Spark's workers, if it is not the driver's.",
    "SPARK_LOCAL_DIRS": "Spark's temporary files.",
    "AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL, …": "The standard AWS environment, the only "
    "source of credentials for `s3://`.",
    "MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD": "Credentials for a tracking server.",
    "KEDRO_LOGGING_CONFIG": "A file to use instead of `conf/logging.yml`.",
    "DO_NOT_TRACK": "Switches Kedro's own telemetry off.",
}


def parameters_page() -> str:
    """The whole page of parameters."""
    shipped: dict[str, Any] = {}
    for file in sorted((CONF / "base").glob("parameters_*.yml")):
        shipped |= yaml.safe_load(file.read_text())
    schema = Parameters.model_json_schema()
    unset = {name: field.get("default") for name, field in schema["properties"].items()}
    places = yaml.safe_load((CONF / "base" / "globals.yml").read_text())
    resolved = {name: str(value).rpartition(",")[2].strip(' }"') for name, value in places.items()}
    values = unset | resolved | shipped
    return PARAMETERS_HEAD + "".join(_sections(schema, schema["$defs"], values, ""))


def _sections(
    model: dict[str, Any], definitions: dict[str, Any], values: dict[str, Any], prefix: str
) -> Iterator[str]:
    fields: dict[str, Any] = model["properties"]
    own = {name: field for name, field in fields.items() if "$ref" not in field}
    if own:
        title = f"`{prefix.rstrip('.')}`" if prefix else "The run as a whole"
        yield f"\n## {title}\n\n{model['description']}\n\n"
        rows = (
            (f"`{prefix}{n}`", describe(f), _shown(values[n]), f["description"])
            for n, f in own.items()
        )
        yield table(("parameter", "value", "default", "meaning"), rows)
    for name in (name for name in fields if name not in own):
        inner = definitions[fields[name]["$ref"].rsplit("/", 1)[-1]]
        yield from _sections(inner, definitions, values[name], f"{prefix}{name}.")


def _shown(value: Any) -> str:
    return f"`{str(value).lower() if isinstance(value, bool | None) else value}`"


def describe(field: dict[str, Any]) -> str:
    """Type and range of a value, from its JSON schema."""
    if "anyOf" in field:
        kinds = [describe(kind) for kind in field["anyOf"] if kind.get("type") != "null"]
        return ", or ".join(kinds)
    choices = field.get("enum") or ([field["const"]] if "const" in field else [])
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    return ", ".join([TYPES[field["type"]], *_range(field)])


def _range(field: dict[str, Any]) -> Iterator[str]:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    if low is not None:
        yield f"{low:,} or more" if high in (None, JAVA_INT) else f"{low:,} to {high:,}"
    if above is not None:
        yield f"more than {above:g}" if below is None else f"between {above:g} and {below:g}"
    if "multipleOf" in field:
        yield f"a multiple of {field['multipleOf']}"


def configuration_page() -> str:
    """The whole page of configuration files and environment variables."""
    text = CONFIGURATION_HEAD
    for name, (title, note) in FILES.items():
        text += f"\n## {title}: `conf/<env>/{name}`\n\n{note}\n"
        found = sorted(CONF.glob(f"*/{name}"), key=lambda file: (file.parent.name != "base", file))
        for file in (one for one in found if one.parent.name != "local"):
            settings = [(f"`{name}`", f"`{value}`", why) for name, value, why in settings_of(file)]
            text += f"\n`{file.relative_to(ROOT)}`\n\n"
            text += table(("setting", "value", "why"), settings)
    variables = [
        (", ".join(n if n == "…" else f"`{n}`" for n in names.split(", ")), meaning)
        for names, meaning in (VARIABLES | OTHERS).items()
    ]
    return f"{text}\n## Environment variables\n\n{table(('variable', 'meaning'), variables)}"


def settings_of(file: Path) -> Iterator[tuple[str, str, str]]:
    """Dotted names, values and comments of a YAML file; YAML's own readers drop comments.

    Groups may be nested; a value is on the line of its name, or folded (``>-``) below it.
    """
    groups: list[tuple[int, str]] = []
    comment: list[str] = []
    folded = re.sub(r": >-((?:\n +.*)+)", lambda m: ": " + " ".join(m[1].split()), file.read_text())
    for line in folded.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# ").rstrip())
        elif match := re.match(r"( *)([\w.-]+): ?(.*)", line):
            indent, name, value = len(match[1]), match[2], match[3]
            groups = [group for group in groups if group[0] < indent]
            if value:
                names = [*(group[1] for group in groups), name]
                yield ".".join(names), value.strip('"'), " ".join(comment)
            else:
                groups.append((indent, name))
            comment = []


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [
        names,
        ["---"] * len(names),
        *([cell.replace("|", r"\|") for cell in row] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


PAGES = {
    ROOT / "docs" / "parameters.md": parameters_page,
    ROOT / "docs" / "configuration.md": configuration_page,
}


def main() -> None:
    """Write both pages."""
    for file, page in PAGES.items():
        file.write_text(page())
        print(f"Wrote {file}")


if __name__ == "__main__":
    main()
