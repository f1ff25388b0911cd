"""Schema of the facts about fruits by label: species, taste, season and more."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from fruits_kedro.parameters.types import StrictModel

_LANGUAGE = re.compile("[a-z]{2}")
"""Two letters of ISO 639-1."""

Text = Annotated[str, Field(min_length=1, strict=True)]
Fact = Annotated[tuple[Text, Text], Field(description="What it says, and the name of its source.")]
FactName = Literal["common_name", "species", "family", "taste", "season", "storage", "biodiversity"]


class FruitFacts(StrictModel):
    """The facts of one label; each names the source to look it up in."""

    common_name: Fact
    species: Fact
    family: Fact
    taste: Fact
    season: Fact
    storage: Fact
    biodiversity: Fact


class FactBook(StrictModel):
    """The facts of every known label, and the sources they name.

    Translated facts have the sources of the English ones.
    Files are merged at the first level, so a language is a key there: ``fr`` in ``fruits.fr.yml``
    becomes ``translations["fr"]``.
    """

    sources: dict[Text, Text] = Field(default_factory=dict)
    fruits: dict[Text, FruitFacts] = Field(default_factory=dict)
    translations: dict[Text, dict[Text, dict[FactName, Text]]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_languages(cls, values: dict[str, Any]) -> dict[str, Any]:
        languages = {name: values[name] for name in values if _LANGUAGE.fullmatch(str(name))}
        others = {name: values[name] for name in values if name not in languages}
        return others | ({"translations": languages} if languages else {})

    def rows(self) -> list[dict[str, str]]:
        """One row per label: its name as ``prediction``, and the columns of the facts."""
        rows = []
        for label, facts in self.fruits.items():
            sources = (f"{name}: {self.sources[source]}" for name, (_, source) in facts)
            texts = {name: text for name, (text, _) in facts}
            rows.append({"prediction": label, **texts, "sources": "; ".join(sources)})
        return rows


def fact_problems(values: Mapping[str, Any]) -> list[str]:
    """Describe problems of ``fruits.yml``, fact by fact."""
    try:
        book = FactBook.model_validate(dict(values))
    except ValidationError as error:
        return list(dict.fromkeys(_describe(problem) for problem in error.errors()))
    return [
        f"{name} of {label} in fruits.yml names the source {source}, which is not among its sources"
        for label, facts in book.fruits.items()
        for name, (_, source) in facts
        if source not in book.sources
    ]


def _describe(problem: ErrorDetails) -> str:
    steps = [str(step) for step in problem["loc"] if step != "[key]"]
    where = f"{'.'.join(steps) or 'the whole'} in fruits.yml"
    if problem["type"] in ("extra_forbidden", "literal_error"):
        return f"{where} is unknown: there are {', '.join(FruitFacts.model_fields)}"
    if problem["type"] == "missing":
        if len(steps) > len(("fruits", "label", "fact")):
            return f"{'.'.join(steps[:-1])} in fruits.yml is half a fact: give [text, source]"
        return f"{where} is missing"
    return (
        f"{where} is {problem['input']!r}: a label and its facts are text, each fact is [text, "
        "source]"
    )
