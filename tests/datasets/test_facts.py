"""The dataset of facts: what configuration says, known by its content."""

import copy

import pytest
import yaml

from fruits_kedro.datasets import FruitFactsDataset


@pytest.fixture
def content(project) -> dict:
    return yaml.safe_load((project / "conf/base/fruits.yml").read_text(encoding="utf-8"))


def test_facts_load_and_are_known_by_what_they_say(content):
    dataset = FruitFactsDataset(content=content)
    assert dataset.load().fruits["Apple"].family == ("Rosaceae", "POWO")
    assert dataset.snapshot_id() == FruitFactsDataset(content=copy.deepcopy(content)).snapshot_id()
    changed = copy.deepcopy(content)
    changed["fruits"]["Apple"]["taste"][0] += "!"
    assert dataset.snapshot_id() != FruitFactsDataset(content=changed).snapshot_id()
