"""What a hook hands over is known by its value."""

import pytest
from kedro.io import DatasetError

from fruits_kedro.datasets import HandedDataset
from fruits_kedro.storage.identity import HasSnapshots, identity


def test_a_value_is_handed_over_and_known_by_itself():
    dataset = HandedDataset()
    assert isinstance(dataset, HasSnapshots)
    assert identity(dataset) is None and not dataset.exists()
    dataset.save({"versions": {"python": "3.11"}})
    first = identity(dataset)
    assert dataset.load() == {"versions": {"python": "3.11"}}
    dataset.save({"versions": {"python": "3.11"}})
    assert identity(dataset) == first
    dataset.save({"versions": {"python": "3.12"}})
    assert identity(dataset) not in (None, first)


def test_nothing_handed_over_is_told():
    with pytest.raises(DatasetError, match="Nothing was handed over"):
        HandedDataset().load()
