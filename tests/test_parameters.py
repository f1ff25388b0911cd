"""Parameters: what is shipped is right and explained, what is wrong is told in one message."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fruits_kedro.parameters import Parameters
from fruits_kedro.parameters.checks import known_names, parameter_problems, refusal

CONF = Path(__file__).resolve().parents[1] / "conf" / "base"
FILES = sorted(CONF.glob("parameters_*.yml"))


@pytest.fixture
def values() -> dict[str, Any]:
    """What a run without options gets."""
    merged: dict[str, Any] = {}
    for file in FILES:
        merged |= yaml.safe_load(file.read_text())
    return merged


def put(values: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    *groups, last = name.split(".")
    inner = values
    for group in groups:
        inner = inner[group]
    inner[last] = value
    return values


def message(values: dict[str, Any]) -> str:
    text = refusal("Wrong parameters", parameter_problems(values)).message
    assert "\n" not in text
    return text


def leaves(node: yaml.Node, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every parameter that has a value, with its line."""
    for key, value in node.value:
        if isinstance(value, yaml.MappingNode):
            yield from leaves(value, f"{prefix}{key.value}.")
        else:
            yield prefix + key.value, key.start_mark.line


def test_the_shipped_parameters_are_valid(values):
    dumped = Parameters.model_validate(values).model_dump(mode="json", exclude_unset=True)
    assert dumped == values


def test_every_known_parameter_is_shipped_with_a_value(values):
    fields = Parameters.model_fields.items()
    runtime_only = {name for name, field in fields if not field.is_required()}
    shipped = {name for file in FILES for name, _ in leaves(yaml.compose(file.read_text()))}
    groups = {name.rsplit(".", n)[0] for name in shipped for n in range(1, name.count(".") + 1)}
    assert shipped == set(known_names()) - groups - runtime_only


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_parameter_has_a_comment(file):
    lines = file.read_text().splitlines()
    bare = [
        name
        for name, line in leaves(yaml.compose(file.read_text()))
        if not lines[line - 1].strip().startswith("#") and " #" not in lines[line]
    ]
    assert bare == []


@pytest.mark.parametrize("k", [1, 300, 1280, 2048, 0.001, 0.9, 0.999])
def test_k_is_a_number_of_components_or_a_share(values, k):
    kept = Parameters.model_validate(put(values, "reduction.k", k)).reduction.k
    assert (kept, type(kept)) == (k, type(k))


@pytest.mark.parametrize("k", [0, -1, 0.0, 1.0, 1.5, float("nan"), "many", "300", True, None])
def test_a_wrong_k_is_named_with_what_is_right(values, k):
    text = message(put(values, "reduction.k", k))
    assert f"reduction.k is {k!r}: give" in text
    assert "0.9" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("split.method", "shuffle"),
        ("split.test_share", 0),
        ("split.test_share", 1.0),
        ("split.seed", -1),
        ("classification.classifier", "svm"),
        ("classification.logistic_regression.reg_param", -0.1),
        ("classification.random_forest.trees", 0),
        ("featurization.precision", "float16"),
        ("featurization.image_size", 225),
        ("featurization.weights", ""),
        ("ingestion.max_bad_share", 1.1),
        ("ingestion.slice_files", 0),
        ("ingestion.label_level", 0),
        ("ingestion.capture_pattern", "("),
        ("ingestion.capture_pattern", "no group"),
        ("ingestion.capture_pattern", "(two)(groups)"),
        ("reduction.map.points", 2),
        ("storage", ""),
        ("images", 5),
    ],
)
def test_a_wrong_value_is_named_and_shown(values, name, value):
    assert message(put(values, name, value)).startswith(f"Wrong parameters: {name} is {value!r}: ")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("reduction.kk", "reduction.kk is unknown, did you mean reduction.k?"),
        ("classification.random_forest.tree", "mean classification.random_forest.trees?"),
        ("storrage", "storrage is unknown, did you mean storage?"),
        ("xyzzy", "Wrong parameters: xyzzy is unknown."),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_known(values, name, problem):
    assert problem in message(put(values, name, 1))


def test_all_problems_are_told_in_one_message(values):
    put(values, "reduction.k", 0)
    put(values, "split.method", "shuffle")
    del values["split"]["seed"]
    text = message(values)
    assert text.count("reduction.k is") == 1
    assert "split.seed is missing" in text
    assert all(choice in text for choice in ("'auto'", "'folder'", "'random'"))
