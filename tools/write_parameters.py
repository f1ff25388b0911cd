"""Write ``docs/parameters.md`` from the schema of the parameters and their values in ``conf/base``.

.venv/bin/python tools/write_parameters.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from fruits_kedro.parameters import Parameters
from fruits_kedro.parameters.strict_model import JAVA_INT

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "parameters.md"
HEAD = """# Parameters

Written by `tools/write_parameters.py` (`make docs`) from the schema in
`src/fruits_kedro/parameters.py`, against which every value is checked before anything starts, and
the values in `conf/base/parameters_*.yml`, where each has its reason.

Give one for a run with `kedro run --params=reduction.k=0.9,split.seed=7`, or keep it in
`conf/local/parameters.yml`.
"""
TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "names and values",
    "string": "text",
}


def document() -> str:
    """The whole file."""
    shipped: dict[str, Any] = {}
    for file in sorted((ROOT / "conf" / "base").glob("parameters_*.yml")):
        shipped |= yaml.safe_load(file.read_text())
    schema = Parameters.model_json_schema()
    unset = {name: field.get("default") for name, field in schema["properties"].items()}
    values = unset | _places() | shipped
    sections = _sections(schema, schema["$defs"], values, "")
    return HEAD + "".join(sections)


def _places() -> dict[str, Any]:
    """Where photographs and results are without a parameter, as ``globals.yml`` resolves it."""
    found = yaml.safe_load((ROOT / "conf" / "base" / "globals.yml").read_text())
    return {name: value.rpartition(",")[2].strip(' }"') for name, value in found.items()}


def _sections(
    model: dict[str, Any], definitions: dict[str, Any], values: dict[str, Any], prefix: str
) -> Iterator[str]:
    fields: dict[str, Any] = model["properties"]
    rows = [_row(prefix + name, f, values[name]) for name, f in fields.items() if "$ref" not in f]
    title = f"`{prefix.rstrip('.')}`" if prefix else "The run as a whole"
    if rows:
        yield f"\n## {title}\n\n{model['description']}\n\n"
        yield "| parameter | value | default | meaning |\n| --- | --- | --- | --- |\n"
        yield from rows
    for name, field in fields.items():
        if "$ref" in field:
            inner = definitions[field["$ref"].rsplit("/", 1)[-1]]
            yield from _sections(inner, definitions, values[name], f"{prefix}{name}.")


def _row(name: str, field: dict[str, Any], default: Any) -> str:
    if isinstance(default, list):
        default = ", ".join(map(str, default[:8])) + (", …" if len(default) > 8 else "")
    shown = str(default).lower() if isinstance(default, bool | None) else str(default)
    cells = [f"`{name}`", _describe(field), f"`{shown}`", field["description"]]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _describe(field: dict[str, Any]) -> str:
    """Type and range of a value in words."""
    if "anyOf" in field:
        kinds = [_describe(kind) for kind in field["anyOf"] if kind.get("type") != "null"]
        return ", or ".join(kinds)
    choices = field.get("enum") or ([field["const"]] if "const" in field else [])
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    return ", ".join([TYPES[field["type"]], *_range(field)])


def _range(field: dict[str, Any]) -> Iterator[str]:
    low, high = field.get("minimum"), field.get("maximum")
    if high == JAVA_INT:  # a limit of Spark's, which nobody comes near
        high = None
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    if low is not None:
        yield f"{low:,} to {high:,}" if high is not None else f"{low:,} or more"
    if above is not None:
        yield f"between {above:g} and {below:g}" if below is not None else f"more than {above:g}"
    if "multipleOf" in field:
        yield f"a multiple of {field['multipleOf']}"


def main() -> None:
    """Write the file."""
    FILE.write_text(document())


if __name__ == "__main__":
    main()
