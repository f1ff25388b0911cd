"""The schema of every parameter: type, range and meaning in one place.

Values live in ``conf/base/parameters_*.yml``; nodes receive these models, validated.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from fruits_kedro.errors import FruitsError
from fruits_kedro.photos.limits import Limits


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Share = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class IngestionParameters(_Strict):
    """What counts as a photograph."""

    max_pixels: Annotated[int, Field(ge=1)]
    max_bytes: Annotated[int, Field(ge=1, lt=2**31)]
    max_bad_share: Annotated[float, Field(ge=0, le=1)]
    slice_files: Annotated[int, Field(ge=1)]

    @property
    def limits(self) -> Limits:
        """What a single file may ask for."""
        return Limits(self.max_bytes, self.max_pixels)


class FeaturizationParameters(_Strict):
    """How photographs become features."""

    weights: Annotated[str, Field(min_length=1)]
    image_size: Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
    precision: Literal["float32"]
    slice_images: Annotated[int, Field(ge=1)]


class SplitParameters(_Strict):
    """Which photographs train the kept model and which test it."""

    method: Literal["auto", "folder", "random"]
    test_share: Share
    stratified: bool
    seed: Seed


class MapParameters(_Strict):
    """The two-dimensional t-SNE map."""

    points: Annotated[int, Field(ge=3)]
    perplexity: Annotated[float, Field(gt=0)]
    components: Annotated[int, Field(ge=1)]
    seed: Seed


class ReductionParameters(_Strict):
    """Standard scaling and PCA."""

    k: Annotated[int, Field(strict=True, ge=1, le=1280)] | Annotated[Share, Field(strict=True)]
    map: MapParameters


class LogisticRegressionParameters(_Strict):
    """Multinomial logistic regression of Spark ML."""

    reg_param: Annotated[float, Field(ge=0)]
    standardization: bool
    max_iter: Annotated[int, Field(ge=1)]


class RandomForestParameters(_Strict):
    """Random forest of Spark ML."""

    trees: Annotated[int, Field(ge=1)]
    max_depth: Annotated[int, Field(ge=1, le=30)]
    seed: Seed


class ClassificationParameters(_Strict):
    """Which classifier is trained, and how."""

    classifier: Literal["logistic_regression", "random_forest"]
    logistic_regression: LogisticRegressionParameters
    random_forest: RandomForestParameters


class EvaluationParameters(_Strict):
    """How the classifier is examined beyond the kept split."""

    capture_pattern: str

    @field_validator("capture_pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        import re

        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from error
        if groups != 1:
            raise ValueError(f"must have exactly one group in parentheses, it has {groups}")
        return pattern


class Parameters(_Strict):
    """All parameters of the project."""

    images: Annotated[str, Field(min_length=1)] | None = None
    storage: Annotated[str, Field(min_length=1)] | None = None
    refresh: bool = False
    ingestion: IngestionParameters
    featurization: FeaturizationParameters
    split: SplitParameters
    reduction: ReductionParameters
    classification: ClassificationParameters
    evaluation: EvaluationParameters


def check_parameters(values: Mapping[str, Any]) -> Parameters:
    """Validate all parameters together.

    Raises:
        FruitsError: Naming every wrong or unknown parameter, with its nearest known name.
    """
    try:
        return Parameters.model_validate(dict(values))
    except ValidationError as error:
        problems = dict.fromkeys(_describe(problem) for problem in error.errors())
        sentence = "Wrong parameters: " + "; ".join(problems)
        end = " Nothing was started." if sentence.endswith("?") else "."
        raise FruitsError(sentence + end) from error


def _describe(problem: ErrorDetails) -> str:
    location = [str(step) for step in problem["loc"]]
    names = [name for name in location if name not in _union_steps(location)]
    name = ".".join(names)
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, list(known_names()), n=1, cutoff=0.5)
        hint = f", did you mean {nearest[0]}?" if nearest else ""
        return f"{name} is unknown{hint}"
    if problem["type"] == "missing":
        return f"{name} is missing"
    if name == "reduction.k":
        return (
            f"reduction.k is {problem['input']!r}: give a number of components from 1 to 1280, or "
            "a share of variance between 0 and 1 such as 0.9"
        )
    return f"{name} is {problem['input']!r}: {_lower_first(problem['msg'])}"


def known_names(model: type[BaseModel] = Parameters, prefix: str = "") -> Iterator[str]:
    """Every parameter by its dotted name."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        yield prefix + name
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known_names(inner, f"{prefix}{name}.")


def _union_steps(location: list[str]) -> set[str]:
    """Steps that pydantic adds for the branches of a union."""
    known = set(".".join(known_names()).split("."))
    return {step for step in location if step not in known and "[" in step} | (
        {"int", "float", "str", "constrained-int", "constrained-float"} & set(location)
    )


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].removesuffix(".")
