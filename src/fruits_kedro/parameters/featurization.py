"""The schema of the parameters of features."""

from typing import Annotated, Literal

from pydantic import Field

from fruits_kedro.parameters.kinds import NETWORKS, ChoiceOf
from fruits_kedro.parameters.strict_model import Count, StrictModel


class FeaturizationParameters(StrictModel):
    """How photographs become features."""

    network: Annotated[
        str,
        ChoiceOf(NETWORKS),
        Field(description="Network that computes the features (docs/extending.md)."),
    ] = "mobilenet_v2"
    weights: Annotated[
        str,
        Field(
            min_length=1,
            description="`shipped` (Keras's ImageNet weights), `imagenet` (downloaded by Keras), "
            "or the path of a Keras weights file without top.",
        ),
    ]
    image_size: Annotated[
        int,
        Field(ge=32, le=1024, multiple_of=32, description="Pixels per side of the input."),
    ]
    precision: Annotated[
        Literal["float32", "int8"],
        Field(
            description="Arithmetic of the network: `int8` gives other features, in a third of the "
            "file, and is faster on processors with VNNI."
        ),
    ]
    calibration_images: Annotated[
        int,
        Field(ge=1, le=5000, description="Photographs that calibrate an int8 network."),
    ]
    scaled_decoding: Annotated[
        bool,
        Field(description="Decode large JPEGs at 1/2, 1/4 or 1/8 of their size."),
    ]
    slice_images: Annotated[
        Count,
        Field(description="Photographs per commit; a killed run computes at most so many again."),
    ]
