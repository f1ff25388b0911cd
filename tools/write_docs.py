"""Write ``docs/configuration.md`` from the schema of parameters and from ``conf/``.

``make docs`` runs it; a test compares the page with what it would write.
"""

import ast
import inspect
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from fruits_kedro.parameters import Parameters
from fruits_kedro.parameters.types import StrictModel

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
MOST_SHOWN = 5
"""Entries of a default that is a list; longer ones are in ``conf/``."""
JAVA_INT = 2**31 - 1
"""The largest value of Spark's whole numbers: as a limit it says nothing to a reader."""

TEMPLATES = Path(__file__).with_name("templates")
PAGE = ROOT / "docs" / "configuration.md"


def configuration_page() -> str:
    """The whole page."""
    text = (TEMPLATES / "configuration.md").read_text().rstrip("\n")
    parts = {"@PARAMETERS@": parameters_part(), "@VARIABLES@": variables_part()}
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


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
    meanings = texts_below_fields(model["title"])
    own = {name: field for name, field in fields.items() if "$ref" not in field}
    if own:
        title = f"`{prefix.rstrip('.')}`" if prefix else "The run as a whole"
        yield f"\n### {title}\n\n{model['description']}\n\n"
        rows = (
            (f"`{prefix}{name}`", _shown(values[name]), _meaning(meanings[name], field))
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


def texts_below_fields(model: str) -> dict[str, str]:
    """What the schema of a group says of its parameters, by name."""
    [found] = (kind for kind in StrictModel.__subclasses__() if kind.__name__ == model)
    definition: Any = ast.parse(inspect.getsource(found)).body[0]
    return {
        ast.unparse(field.target): " ".join(ast.literal_eval(text.value).split())
        for field, text in itertools.pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def _meaning(text: str, field: dict[str, Any]) -> str:
    values = describe(field)
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


def variables_part() -> str:
    """Environment variables and what they mean."""
    groups = yaml.safe_load((TEMPLATES / "variables.yml").read_text())
    rows = [
        (", ".join(n if n == "…" else f"`{n}`" for n in names.split(", ")), meaning)
        for names, meaning in (groups["project"] | groups["others"]).items()
    ]
    return table(("variable", "meaning"), rows)


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


def main() -> None:
    """Write the page."""
    PAGE.write_text(configuration_page())
    print(f"Wrote {PAGE}")


if __name__ == "__main__":
    main()
