"""What happens to photographs: ingestion, split, features and augmented copies."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fruits_kedro.parameters.kinds import NETWORKS, SPLIT_METHODS, ChoiceOf
from fruits_kedro.parameters.types import Count, Pattern, Portion, Seed, Share, StrictModel, Text

AUTO = "auto"
"""The split method that takes folders if there are any, else draws."""


class IngestionParameters(StrictModel):
    """Which files are photographs, and what their folders and names mean."""

    ignored_extensions: list[Text] = Field(
        description="Extensions, or whole names without one, of files that are no photographs. "
        "The content decides about all others."
    )
    label_level: int | None = Field(
        default=None,
        description="Folder that names the label: 1 is the first below the split folder (or "
        "`images`), -1 the folder of the file; null is 1, with a warning if depths differ.",
    )
    labels_table: Text | None = Field(
        default=None,
        description="CSV file with path, label and perhaps split and capture, which then count "
        "instead of the folders; null takes `labels.csv` at the top of `images` if present.",
    )
    capture_pattern: Pattern = Field(
        description="Regular expression whose one group is the capture group, matched from the "
        "start of the path below the label folder, else of the file name."
    )
    max_pixels: Count = Field(description="Photographs of more pixels are rejected.")
    max_bytes: Count = Field(description="Larger files are rejected unread.")
    stored_bytes: int = Field(
        ge=0, description="Larger files are read again instead of copied into `images`."
    )
    max_bad_share: Portion = Field(
        description="The run stops if a larger share of the photographs is rejected."
    )
    slice_files: Count = Field(
        description="Files per commit; a killed run reads at most so many again."
    )

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


class SplitParameters(StrictModel):
    """Which photographs train the kept model and which test it."""

    method: Annotated[str, ChoiceOf(SPLIT_METHODS, (AUTO,))] = Field(
        description="`folder` takes Training and Test folders, `random` draws, `auto` is "
        "`folder` if there are both."
    )
    test_share: Share = Field(description="Drawn share that tests.")
    stratified: bool = Field(description="Draw the same share of every label.")
    seed: Seed = Field(description="Seed of the draw.")


class FeaturizationParameters(StrictModel):
    """How photographs become features."""

    network: Annotated[str, ChoiceOf(NETWORKS)] = Field(
        default="mobilenet_v2",
        description="Network that computes the features (docs/extending.md).",
    )
    weights: Text = Field(
        description="`shipped` (Keras's ImageNet weights), `imagenet` (downloaded by Keras), "
        "or the path of a Keras weights file without top."
    )
    image_size: int = Field(
        ge=32, le=1024, multiple_of=32, description="Pixels per side of the input."
    )
    precision: Literal["float32", "int8"] = Field(
        description="Arithmetic of the network: `int8` gives other features, in a third of the "
        "file, and is faster on processors with VNNI."
    )
    calibration_images: int = Field(
        ge=1, le=5000, description="Photographs that calibrate an int8 network."
    )
    scaled_decoding: bool = Field(
        description="Decode large JPEGs at 1/2, 1/4 or 1/8 of their size."
    )
    slice_images: Count = Field(
        description="Photographs per commit; a killed run computes at most so many again."
    )


class AugmentationParameters(StrictModel):
    """Copies of train photographs in other places and light."""

    copies: int = Field(ge=0, le=100, description="Copies per train photograph.")
    per_label: Count = Field(description="Most copies per label; a draw decides which photographs.")
    photograph_share: Portion = Field(
        description="Of the copies in other places, the share before a photograph "
        "(`backgrounds`); the others get a drawn background."
    )
    studio_share: Portion = Field(
        description="Share of copies that keep their background, with another pose and light."
    )
    light: float = Field(
        ge=0,
        le=2,
        description="How far exposure and colour vary; 1 is what kitchen lamps and windows do.",
    )
    seed: Seed = Field(description="Seed of the copies.")
