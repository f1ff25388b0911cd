"""Write ``docs/configuration.md`` from the schema of parameters and from ``conf/``.

``make docs`` runs it; a test compares the page with what it would write.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from fruits_kedro.parameters import Parameters

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
MOST_SHOWN = 5
"""Entries of a default that is a list; longer ones are in ``conf/``."""
JAVA_INT = 2**31 - 1
"""The largest value of Spark's whole numbers: as a limit it says nothing to a reader."""

HEAD = """# Parameters and configuration

Written by `tools/write_docs.py` (`make docs`) from the schema in `src/fruits_kedro/parameters/` and
`conf/base`. The reason for each default is beside it in `conf/base/parameters_*.yml`.

Set a parameter for one run with `kedro run --params=reduction.k=0.9,split.seed=7`, or keep it in
`conf/local/parameters.yml`. `kedro run --env=NAME` reads `conf/base`, then `conf/NAME`, which takes
precedence. Without `--env` that is `conf/local`, which is yours and not under version control.

Everything is checked before a run starts. Unknown names and wrong values are reported together,
with the nearest known name.

## Parameters
"""
REST = """
## Configuration files

- `conf/<env>/globals.yml`: `images`, `own`, `storage`, `backgrounds` and `tracking`. A parameter of
  the same name takes precedence. With `--env=cluster` and `--env=emr`, `images` and `storage` must
  be given, and `tracking` is off.
- `conf/<env>/spark.yml`: Spark's settings, each with its reason. Add any by Spark's own name;
  `null` leaves one to the machine.
- `conf/base/catalog.yml`: every dataset, the same for all environments.
- `conf/<env>/fruits.yml`: facts about fruits, each with its source. An environment adds or replaces
  single ones.

## Environment variables

"""
VARIABLES = {
    "FRUITS_IMAGES": "Folder of photographs, unless the parameter `images` is given.",
    "FRUITS_STORAGE": "Folder of all results, unless the parameter `storage` is given.",
    "FRUITS_OWN": "Folders of own photographs, unless the parameter `own` is given.",
    "FRUITS_BACKGROUNDS": "Photographs behind augmented copies, unless the parameter "
    "`backgrounds` is given.",
    "FRUITS_TRACKING": "Where runs are recorded, unless the parameter `tracking` is given.",
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


def configuration_page() -> str:
    """The whole page."""
    return HEAD + parameters_part() + files_part()


def parameters_part() -> str:
    """Every parameter by group, with its type, default and meaning."""
    shipped: dict[str, Any] = {}
    for file in sorted((CONF / "base").glob("parameters_*.yml")):
        shipped |= yaml.safe_load(file.read_text())
    schema = Parameters.model_json_schema()
    unset = {name: field.get("default") for name, field in schema["properties"].items()}
    places = yaml.safe_load((CONF / "base" / "globals.yml").read_text())
    resolved = {name: str(value).rpartition(",")[2].strip(' }"') for name, value in places.items()}
    values = unset | resolved | shipped
    return "".join(_sections(schema, schema["$defs"], values, ""))


def _sections(
    model: dict[str, Any], definitions: dict[str, Any], values: dict[str, Any], prefix: str
) -> Iterator[str]:
    fields: dict[str, Any] = model["properties"]
    own = {name: field for name, field in fields.items() if "$ref" not in field}
    if own:
        title = f"`{prefix.rstrip('.')}`" if prefix else "The run as a whole"
        yield f"\n### {title}\n\n{model['description']}\n\n"
        rows = (
            (f"`{prefix}{name}`", _shown(values[name]), _meaning(field))
            for name, field in own.items()
        )
        yield _linked(table(("parameter", "default", "meaning"), rows))
    for name in (name for name in fields if name not in own):
        inner = definitions[fields[name]["$ref"].rsplit("/", 1)[-1]]
        yield from _sections(inner, definitions, values[name], f"{prefix}{name}.")


def _shown(value: Any) -> str:
    if isinstance(value, list) and len(value) > MOST_SHOWN:
        return f"{len(value)} names"
    return f"`{json.dumps(value) if isinstance(value, bool | None) else value}`"


def _meaning(field: dict[str, Any]) -> str:
    values = describe(field)
    text: str = field["description"]
    return f"{text.removesuffix('.')} ({values})." if values else text


def describe(field: dict[str, Any]) -> str:
    """Choices or range of a value, from its JSON schema; empty where every reader expects it."""
    if "anyOf" in field:
        return ", or ".join(filter(None, map(describe, field["anyOf"])))
    choices = field.get("enum", [])
    if len(choices) > 1:
        return " or ".join(f"`{choice}`" for choice in choices)
    return ", ".join(_range(field))


def _range(field: dict[str, Any]) -> Iterator[str]:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    if low is not None and high not in (None, JAVA_INT):
        yield f"{low:,} to {high:,}"
    elif above is not None:
        until = f"below {below:g}" if below is not None else f"at most {high:g}" if high else ""
        yield ", ".join(filter(None, [f"above {above:g}", until]))
    if "multipleOf" in field:
        yield f"a multiple of {field['multipleOf']}"


def files_part() -> str:
    """What the other configuration files hold, and environment variables."""
    variables = [
        (", ".join(n if n == "…" else f"`{n}`" for n in names.split(", ")), meaning)
        for names, meaning in (VARIABLES | OTHERS).items()
    ]
    return REST + table(("variable", "meaning"), variables)


def _linked(text: str) -> str:
    return re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [
        names,
        ["---"] * len(names),
        *([cell.replace("|", r"\|") for cell in row] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


PAGE = ROOT / "docs" / "configuration.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(configuration_page())
    print(f"Wrote {PAGE}")


if __name__ == "__main__":
    main()
