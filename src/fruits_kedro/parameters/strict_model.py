"""Base class and types of the schemas of parameters."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class StrictModel(BaseModel):
    """Frozen model that refuses unknown names and infinite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


JAVA_INT = 2**31 - 1
"""The largest whole number that Spark takes."""

Share = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, le=JAVA_INT)]
Count = Annotated[int, Field(ge=1, le=JAVA_INT)]
