"""The schema of the parameters of augmented copies."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.strict_model import Count, Seed, StrictModel


class AugmentationParameters(StrictModel):
    """Copies of train photographs in other places and light."""

    copies: Annotated[
        int,
        Field(ge=0, le=100, description="Copies per train photograph."),
    ]
    per_label: Annotated[
        Count,
        Field(description="Most copies per label; a draw decides which photographs."),
    ]
    photograph_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Of the copies in other places, the share before a photograph "
            "(`backgrounds`); the others get a drawn background.",
        ),
    ]
    studio_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of copies that keep their background, with another pose and light.",
        ),
    ]
    light: Annotated[
        float,
        Field(
            ge=0,
            le=2,
            description="How far exposure and colour vary; 1 is what kitchen lamps and windows do.",
        ),
    ]
    seed: Annotated[Seed, Field(description="Seed of the copies.")]
