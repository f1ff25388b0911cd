"""The document of the parameters is what the schema and the shipped values say."""

import importlib.util
from pathlib import Path

import yaml

from fruits_kedro.parameters import Parameters
from fruits_kedro.parameters.checks import known_names

TOOL = Path(__file__).resolve().parents[2] / "tools" / "write_parameters.py"
spec = importlib.util.spec_from_file_location("write_parameters", TOOL)
assert spec is not None
assert spec.loader is not None
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_every_parameter_has_a_meaning():
    schema = Parameters.model_json_schema()
    fields = {
        f"{model}.{name}": field
        for model, definition in {**schema["$defs"], "Parameters": schema}.items()
        for name, field in definition["properties"].items()
        if "$ref" not in field
    }
    assert {name for name, field in fields.items() if not field.get("description")} == set()


def test_the_document_is_up_to_date():
    """Run ``make docs`` after the schema or a shipped value changed."""
    assert tool.FILE.read_text() == tool.document()


def test_every_parameter_is_documented_with_its_default(project):
    text = tool.document()
    groups = {name.rpartition(".")[0] for name in known_names()}
    for name in set(known_names()) - groups:
        assert text.count(f"| `{name}` | ") == 1, name
    reduction = yaml.safe_load((project / "conf/base/parameters_reduction.yml").read_text())
    [line] = [line for line in text.splitlines() if line.startswith("| `reduction.k` |")]
    assert f"| `{reduction['reduction']['k']}` |" in line
    assert "| whole number, 1 to 1,280, or number, between 0 and 1 |" in line
