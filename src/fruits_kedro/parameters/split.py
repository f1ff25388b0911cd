"""Parameters of the split: which photographs train and which test."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.kinds import SPLIT_METHODS, ChoiceOf
from fruits_kedro.parameters.strict_model import Seed, Share, StrictModel

AUTO = "auto"
"""The split method that takes folders if there are any, else draws."""


class SplitParameters(StrictModel):
    """Which photographs train the kept model and which test it."""

    method: Annotated[
        str,
        ChoiceOf(SPLIT_METHODS, AUTO),
        Field(
            description="`folder` takes Training and Test folders, `random` draws, `auto` is "
            "`folder` if there are both."
        ),
    ]
    test_share: Annotated[Share, Field(description="Drawn share that tests.")]
    stratified: Annotated[bool, Field(description="Draw the same share of every label.")]
    seed: Annotated[Seed, Field(description="Seed of the draw.")]
