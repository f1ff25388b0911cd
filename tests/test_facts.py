"""Facts of the fruits: every shipped label has its own, and what is wrong is told."""

from typing import Any

import pytest
import yaml
from runs import ROOT, SAMPLE

from fruits_kedro.parameters.facts import FactBook, fact_problems
from fruits_kedro.storage.schemas import FACTS

SHIPPED = ROOT / "conf" / "base" / "fruits.yml"
FRUITS_360 = (
    *("Apple", "Apricot", "Avocado", "Banana", "Cherry", "Clementine", "Cocos", "Kiwi", "Lemon"),
    *("Limes", "Mandarine", "Mango", "Orange", "Peach", "Pineapple", "Plum", "Pomegranate"),
    *("Raspberry", "Strawberry"),
)


@pytest.fixture
def content() -> dict[str, Any]:
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def test_every_label_of_the_sample_and_of_fruits_360_has_facts(content):
    book = FactBook.model_validate(content)
    sample = {path.name for path in (SAMPLE / "Training").iterdir()}
    assert set(book.fruits) == sample | set(FRUITS_360)


def test_every_source_is_used_and_every_fact_is_one_line(content):
    rows = FactBook.model_validate(content).rows()
    for row in rows:
        assert list(row) == ["prediction", *FACTS]
        for text in row.values():
            assert text == " ".join(text.split())
    told = " ".join(row["sources"] for row in rows)
    assert [name for name in content["sources"].values() if name not in told] == []


@pytest.mark.parametrize(
    ("steps", "value", "sentence"),
    [
        (("fruits", "Apple", "colour"), ["red", "POWO"], "fruits.Apple.colour in fruits.yml is un"),
        (("fruits", "Apple", "taste"), "sweet", "fruits.Apple.taste in fruits.yml is 'sweet'"),
        (("fruits", "Apple", "taste"), ["sweet"], "fruits.Apple.taste in fruits.yml is half"),
        (("fruits", "Apple", "taste"), ["sweet", ""], "fruits.Apple.taste.1 in fruits.yml is ''"),
        (("fruits", "Apple", "taste"), ["sweet", "Me"], "taste of Apple in fruits.yml names the s"),
        (("fruits", "Apple"), {}, "fruits.Apple.species in fruits.yml is missing"),
        (("fruits", "Apple"), None, "fruits.Apple in fruits.yml is None"),
        (("fruits", 7), {}, "fruits.7 in fruits.yml is 7"),
        (("fruits",), [], "fruits in fruits.yml is []"),
        (("sources", "POWO"), 7, "sources.POWO in fruits.yml is 7"),
        (("fruit",), {}, "fruit in fruits.yml is unknown"),
        (("de",), {"Apple": {"tase": "süß"}}, "translations.de.Apple.tase in fruits.yml is unk"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(content, steps, value, sentence):
    inner = content
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    problems = fact_problems(content)
    assert any(problem.startswith(sentence) for problem in problems), problems
    assert all("\n" not in problem for problem in problems)
