"""What happens to photographs: ingestion, split, features and augmented copies."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fruits_kedro.parameters.kinds import NETWORKS, SPLIT_METHODS, ChoiceOf
from fruits_kedro.parameters.types import Count, Pattern, Portion, Seed, Share, StrictModel, Text

AUTO = "auto"
"""The split method that takes folders if there are any, else draws."""


class IngestionParameters(StrictModel):
    """Which files are photographs, and what their folders and names mean."""

    ignored_extensions: list[Text]
    """Extensions, or whole names without one, of files that are no photographs. The content decides
    about all others."""
    label_level: int | None = None
    """Folder that names the label: 1 is the first below the split folder (or `images`), -1 the
    folder of the file; null is 1, with a warning if depths differ."""
    labels_table: Text | None = None
    """CSV file with path, label and perhaps split and capture, which then count instead of the
    folders; null takes `labels.csv` at the top of `images` if present."""
    capture_pattern: Pattern
    """Regular expression whose one group is the capture group, matched from the start of the path
    below the label folder, else of the file name."""
    max_pixels: Count
    """Photographs of more pixels are rejected."""
    max_bytes: Count
    """Larger files are rejected unread."""
    stored_bytes: int = Field(ge=0)
    """Larger files are read again instead of copied into `images`."""
    max_bad_share: Portion
    """The run stops if a larger share of the photographs is rejected."""
    slice_files: Count
    """Files per commit; a killed run reads at most so many again."""

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

    method: Annotated[str, ChoiceOf(SPLIT_METHODS, (AUTO,))]
    """`folder` takes Training and Test folders, `random` draws, `auto` is `folder` if there are
    both."""
    test_share: Share
    """Drawn share that tests."""
    stratified: bool
    """Draw the same share of every label."""
    seed: Seed
    """Seed of the draw."""


class FeaturizationParameters(StrictModel):
    """How photographs become features."""

    network: Annotated[str, ChoiceOf(NETWORKS)] = "mobilenet_v2"
    """Network that computes the features (docs/extending.md)."""
    weights: Text
    """`shipped` (Keras's ImageNet weights), `imagenet` (downloaded by Keras), or the path of a
    Keras weights file without top."""
    image_size: int = Field(ge=32, le=1024, multiple_of=32)
    """Pixels per side of the input."""
    precision: Literal["float32", "int8"]
    """Arithmetic of the network: `int8` gives other features, in a third of the file, and is faster
    on processors with VNNI."""
    calibration_images: int = Field(ge=1, le=5000)
    """Photographs that calibrate an int8 network."""
    scaled_decoding: bool
    """Decode large JPEGs at 1/2, 1/4 or 1/8 of their size."""
    slice_images: Count
    """Photographs per commit; a killed run computes at most so many again."""


class AugmentationParameters(StrictModel):
    """Copies of train photographs in other places and light."""

    copies: int = Field(ge=0, le=100)
    """Copies per train photograph."""
    per_label: Count
    """Most copies per label; a draw decides which photographs."""
    photograph_share: Portion
    """Of the copies in other places, the share before a photograph (`backgrounds`); the others get
    a drawn background."""
    studio_share: Portion
    """Share of copies that keep their background, with another pose and light."""
    light: float = Field(ge=0, le=2)
    """How far exposure and colour vary; 1 is what kitchen lamps and windows do."""
    seed: Seed
    """Seed of the copies."""
