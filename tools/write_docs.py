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
TEMPLATES = ROOT / "tools" / "templates"
JAVA_INT = 2**31 - 1
"""The largest value of Spark's whole numbers: as a limit it says nothing to a reader."""

TYPES = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "names and values",
    "array": "list",
    "string": "text",
}

FILES = {
    "globals.yml": ("Places", "A parameter of the same name takes precedence."),
    "spark.yml": (
        "Spark",
        "Add any setting of Spark by its own name; `null` leaves a setting to the machine.",
    ),
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
    head = (TEMPLATES / "parameters.md").read_text()
    return head + "".join(_sections(schema, schema["$defs"], values, ""))


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
    text = (TEMPLATES / "configuration.md").read_text()
    for name, (title, note) in FILES.items():
        text += f"\n## {title}: `conf/<env>/{name}`\n\n{note}\n"
        found = sorted(CONF.glob(f"*/{name}"), key=lambda file: (file.parent.name != "base", file))
        for file in (one for one in found if one.parent.name != "local"):
            settings = [(f"`{name}`", f"`{value}`", why) for name, value, why in settings_of(file)]
            text += f"\n`{file.relative_to(ROOT)}`\n\n"
            text += table(("setting", "value", "why"), settings)
    known = yaml.safe_load((TEMPLATES / "variables.yml").read_text())
    variables = [
        (", ".join(n if n == "…" else f"`{n}`" for n in names.split(", ")), meaning)
        for names, meaning in (known["project"] | known["others"]).items()
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
