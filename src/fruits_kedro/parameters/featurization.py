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
        Field(description="The network that makes the features (docs/extending.md)."),
    ] = "mobilenet_v2"
    weights: Annotated[
        str,
        Field(
            min_length=1,
            description="`shipped` (Keras's ImageNet weights, in this package), `imagenet` (the "
            "same, downloaded by Keras), or the path of a Keras weights file of the network "
            "without top.",
        ),
    ]
    image_size: Annotated[
        int,
        Field(ge=32, le=1024, multiple_of=32, description="Pixels of each side of the input."),
    ]
    precision: Annotated[
        Literal["float32", "int8"],
        Field(
            description="Arithmetic of the converted network: `float32` gives Keras's features, "
            "`int8` others, in a third of the file, and faster where the processor has "
            "instructions for it (VNNI)."
        ),
    ]
    calibration_images: Annotated[
        int,
        Field(ge=1, le=5000, description="Photographs that an int8 network is calibrated on."),
    ]
    scaled_decoding: Annotated[
        bool,
        Field(
            description="Decode JPEGs of at least twice `image_size` at 1/2, 1/4 or 1/8 of their "
            "size."
        ),
    ]
    slice_images: Annotated[
        Count,
        Field(
            description="Photographs per committed slice: a killed run computes so many again at "
            "most."
        ),
    ]
