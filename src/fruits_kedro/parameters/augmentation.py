"""The schema of the parameters of augmented copies."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.strict_model import Count, Seed, StrictModel


class AugmentationParameters(StrictModel):
    """Copies of train photographs in other places and light; nothing else is ever copied."""

    copies: Annotated[
        int,
        Field(ge=0, le=100, description="Copies of each train photograph; 0 makes none."),
    ]
    per_label: Annotated[
        Count,
        Field(description="Copies of each label, at most; a draw decides which photographs."),
    ]
    photograph_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the copies in other places that are set in front of a photograph "
            "(`backgrounds`); the others are set in front of a drawn background.",
        ),
    ]
    studio_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the copies that stay in the studio, turned and in other light.",
        ),
    ]
    light: Annotated[
        float,
        Field(
            ge=0,
            le=2,
            description="How far exposure and colour of light vary; 1 is what kitchen lamps and "
            "windows do.",
        ),
    ]
    seed: Annotated[Seed, Field(description="Seed of the copies.")]
