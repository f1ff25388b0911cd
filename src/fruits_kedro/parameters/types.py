"""Base class and types of the schemas of parameters."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class StrictModel(BaseModel):
    """Frozen model that refuses unknown names and infinite numbers.

    The text below a field is its meaning in ``docs/configuration.md``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


JAVA_INT = 2**31 - 1
"""The largest whole number that Spark takes."""

Share = Annotated[float, Field(gt=0, lt=1)]
Portion = Annotated[float, Field(ge=0, le=1)]
"""A share that may be nothing or all."""
Text = Annotated[str, Field(min_length=1)]
Seed = Annotated[int, Field(ge=0, le=JAVA_INT)]
Count = Annotated[int, Field(ge=1, le=JAVA_INT)]


def _one_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    if groups != 1:
        raise ValueError(f"must have exactly one group in parentheses, it has {groups}")
    return pattern


Pattern = Annotated[str, AfterValidator(_one_group)]
"""A Python regular expression with one group."""
