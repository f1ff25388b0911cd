"""Parameters of ingestion: which files are photographs, and what their folders and names mean."""

from typing import Annotated

from pydantic import Field, field_validator

from fruits_kedro.parameters.strict_model import Count, Pattern, StrictModel, Text


class IngestionParameters(StrictModel):
    """Which files are photographs, and what their folders and names mean."""

    ignored_extensions: Annotated[
        list[Text],
        Field(
            description="Extensions, or whole names without one, of files that are no photographs. "
            "The content decides about all others."
        ),
    ]
    label_level: Annotated[
        int | None,
        Field(
            description="Folder that names the label: 1 is the first below the split folder (or "
            "`images`), -1 the folder of the file; null is 1, with a warning if depths differ."
        ),
    ] = None
    labels_table: Annotated[
        Text | None,
        Field(
            description="CSV file with path, label and perhaps split and capture, which then count "
            "instead of the folders; null takes `labels.csv` at the top of `images` if present."
        ),
    ] = None
    capture_pattern: Annotated[
        Pattern,
        Field(
            description="Regular expression whose one group is the capture group, matched from the "
            "start of the path below the label folder, else of the file name."
        ),
    ]
    max_pixels: Annotated[Count, Field(description="Photographs of more pixels are rejected.")]
    max_bytes: Annotated[Count, Field(description="Larger files are rejected unread.")]
    stored_bytes: Annotated[
        int,
        Field(
            ge=0,
            description="Larger files are read again instead of copied into `images`.",
        ),
    ]
    max_bad_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="The run stops if a larger share of the photographs is rejected.",
        ),
    ]
    slice_files: Annotated[
        Count,
        Field(description="Files per commit; a killed run reads at most so many again."),
    ]

    @field_validator("ignored_extensions")
    @classmethod
    def _bare_and_lower(cls, names: list[str]) -> list[str]:
        return [name.lower().lstrip(".") for name in names]

    @field_validator("label_level")
    @classmethod
    def _not_zero(cls, level: int | None) -> int | None:
        if level == 0:
            raise ValueError("must be 1 or more, or -1 or less")
        return level
