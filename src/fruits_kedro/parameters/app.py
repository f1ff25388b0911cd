"""The schema of the parameters of the app."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.strict_model import Share, StrictModel


class AppParameters(StrictModel):
    """What the app offers if it is not sure."""

    candidates: Annotated[
        int, Field(ge=1, le=10, description="Most names that are offered if the model is not sure.")
    ]
    candidate_floor: Annotated[
        Share,
        Field(
            description="Least probability of an offered name; if none reaches it, the photograph "
            "shows no known fruit."
        ),
    ]
