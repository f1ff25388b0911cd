"""The schema of the parameters of evaluation and of own photographs."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from fruits_kedro.parameters.strict_model import Count, Pattern, Seed, Share, StrictModel


class OwnParameters(StrictModel):
    """Own photographs, taken where the classifier is used."""

    folders: Annotated[
        tuple[str, ...],
        Field(
            description="Folders of label folders, local or `s3://`. `--params=own=…` and "
            "`FRUITS_OWN` separate several by commas."
        ),
    ] = ()
    place_pattern: Annotated[
        Pattern,
        Field(
            description="Regular expression, searched in the path below the label folder; its one "
            "group is the place. Without a match the place is the name of the own folder."
        ),
    ] = r"^([^/]+)/"
    share: Annotated[
        Share,
        Field(
            description="Share of a label's weight in training, whatever the number of own "
            "photographs."
        ),
    ] = 0.1
    minimum: Annotated[
        Count,
        Field(description="Photographs of a place that are needed to calibrate by them."),
    ] = 100
    folds: Annotated[
        int,
        Field(
            ge=2,
            le=20,
            description="Parts that are held out in turn if file names tell no sessions.",
        ),
    ] = 5
    draws: Annotated[Count, Field(description="Draws per point of the learning curve.")] = 3
    seed: Annotated[Seed, Field(description="Seed of these draws.")] = 42

    @model_validator(mode="before")
    @classmethod
    def _folders_alone(cls, value: Any) -> Any:
        """``own`` may be the folders alone: text with commas, or a list."""
        if value is None:
            return {}
        if isinstance(value, str):
            return {"folders": [part.strip() for part in value.split(",") if part.strip()]}
        return {"folders": value} if isinstance(value, list) else value


class EvaluationParameters(StrictModel):
    """How the classifier is examined beyond the kept split."""

    rows: Annotated[
        Count,
        Field(description="Most photographs and copies of the refits, an even draw by sha256."),
    ]
    scenes_per_group: Annotated[
        Count,
        Field(description="Most cluttered scenes per label and capture group."),
    ]
    scenes_seed: Annotated[Seed, Field(description="Seed of the cluttered scenes.")]
