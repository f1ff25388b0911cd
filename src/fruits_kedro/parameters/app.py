"""The schema of the parameters of the app."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.strict_model import Share, StrictModel


class AppParameters(StrictModel):
    """What the app shows of a photograph it is not sure of."""

    candidates: Annotated[
        int, Field(ge=1, le=10, description="Names offered when the model is not sure, at most.")
    ]
    candidate_floor: Annotated[
        Share,
        Field(
            description="Probability from which a name is offered; below it for every name, the "
            "photograph shows no known fruit."
        ),
    ]
