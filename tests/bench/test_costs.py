"""Costs follow from measured rates and prices."""

import re

import pytest

from bench import costs
from bench.costs import Instance, Kind, insert, measured_kinds, read_prices, render, requests_cost
from bench.measures import Measures
from fruits_kedro import FruitsError

MACHINE = Instance("x.large", "x86", 2, on_demand=0.4, spot=0.1)


def run(part: str, variant: str, number: int, seconds: float) -> dict:
    stages = {"ingestion": seconds / 4, "featurization": seconds}
    return {
        "part": part,
        "variant": variant,
        "round": number,
        "images": 1000,
        "stages": stages,
        "conversion": seconds / 4,
    }


def test_a_kind_s_rate_is_that_of_ingestion_and_featurization_without_conversion():
    records = [run("scale", "grown", 1, 50), run("large", "scaled", 1, 9)]
    records += [run("large", "scaled", 2, 11)]
    small, large = measured_kinds(Measures(records), cores=2)
    assert small.per_core == pytest.approx(10)
    assert large.per_core == pytest.approx(50)


def test_what_was_not_measured_is_told():
    with pytest.raises(FruitsError, match="make bench PARTS=large"):
        measured_kinds(Measures([run("scale", "grown", 1, 50)]), cores=2)


def test_emr_s_share_is_of_the_price_on_demand():
    assert MACHINE.per_vcpu_hour(spot=False) == pytest.approx(0.25)
    assert MACHINE.per_vcpu_hour(spot=True) == pytest.approx(0.10)


def test_a_million_at_ten_per_second_and_core():
    text = render([Kind("small", 10.0, 1)], [MACHINE])
    [row] = [line for line in text.splitlines() if line.startswith("| 1 million")]
    assert row == "| 1 million, small | 27.8 | 0.06 | 0.41 | 6.94 / 2.78 |"


def test_requests_grow_with_the_photographs_and_with_second_reads():
    assert requests_cost(10**6, 1) == pytest.approx(0.405)
    assert requests_cost(10**6, 2) == pytest.approx(0.805)


def test_every_price_has_its_source():
    instances = read_prices()
    assert len({one.name for one in instances}) == len(instances) >= 2
    assert all(0 < one.spot < one.on_demand for one in instances)
    lines = costs.PRICES.read_text().splitlines()[1:]
    assert all(re.search(r"\.(com|org|aws)", line) for line in lines)


def test_what_is_computed_goes_between_the_marks_and_only_there():
    page = f"before\n\n{costs.BEGIN}\nold\n{costs.END}\n\nafter\n"
    once = insert(page, "new")
    assert once == f"before\n\n{costs.BEGIN}\n\nnew\n\n{costs.END}\n\nafter\n"
    assert insert(once, "new") == once
    with pytest.raises(FruitsError, match="lacks"):
        insert("a page", "new")


def test_the_page_holds_what_the_results_give(project):
    """Else one of them was changed by hand."""
    page = (project / "docs" / "scale.md").read_text()
    assert insert(page, costs.compute()) == page
