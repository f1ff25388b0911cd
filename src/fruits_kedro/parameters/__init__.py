"""The schema of every parameter: type, range and meaning in one place.

Values live in ``conf/base/parameters_*.yml``; nodes receive these models, validated.
``docs/parameters.md`` is written from here (``tools/write_parameters.py``).
"""

from typing import Annotated, Literal

from pydantic import Field

from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.parameters.evaluation import EvaluationParameters, OwnParameters
from fruits_kedro.parameters.kinds import NETWORKS, SPLIT_METHODS, ChoiceOf
from fruits_kedro.parameters.reduction import MapParameters, ReductionParameters
from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.parameters.strict_model import Count, Seed, Share
from fruits_kedro.parameters.strict_model import StrictModel as _Strict
from fruits_kedro.photos.limits import Limits

__all__ = [
    "AUTO",
    "AugmentationParameters",
    "ClassificationParameters",
    "EvaluationParameters",
    "FeaturizationParameters",
    "IngestionParameters",
    "MapParameters",
    "OwnParameters",
    "Parameters",
    "ReductionParameters",
    "ReportingParameters",
    "SplitParameters",
]

AUTO = "auto"
"""The split method that looks at the folders first."""


class IngestionParameters(_Strict):
    """What counts as a photograph."""

    max_pixels: Annotated[
        Count, Field(description="Photographs whose header announces more pixels are rejected.")
    ]
    max_bytes: Annotated[Count, Field(description="Larger files are rejected unread.")]
    stored_bytes: Annotated[
        int,
        Field(
            ge=0,
            description="Larger files are not copied into `images`, and read again by "
            "featurization.",
        ),
    ]
    max_bad_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the candidate photographs that may be rejected before the run "
            "stops.",
        ),
    ]
    slice_files: Annotated[
        Count,
        Field(description="Files per committed slice: a killed run reads so many again at most."),
    ]

    @property
    def limits(self) -> Limits:
        """What a single file may ask for."""
        return Limits(self.max_bytes, self.max_pixels, self.stored_bytes)


class FeaturizationParameters(_Strict):
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


class SplitParameters(_Strict):
    """Which photographs train the kept model and which test it."""

    method: Annotated[
        str,
        ChoiceOf(SPLIT_METHODS, AUTO),
        Field(
            description="`folder` takes Training and Test folders, `random` draws, `auto` is "
            "`folder` where there are both."
        ),
    ]
    test_share: Annotated[Share, Field(description="Share of the photographs that test, drawn.")]
    stratified: Annotated[bool, Field(description="Draw the same share of every label.")]
    seed: Annotated[Seed, Field(description="Seed of the draw.")]


class Parameters(_Strict):
    """What is read, written and done again; in its groups, how."""

    images: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(description="The folder of photographs, local or `s3://`."),
    ] = None
    storage: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(description="The folder of every result, local or `s3://`."),
    ] = None
    backgrounds: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(
            description="The photographs that augmented copies are set in front of: `shipped`, or "
            "a folder, local or `s3://`."
        ),
    ] = None
    tracking: Annotated[
        str | bool | None,
        Field(
            description="Where runs are recorded for comparison (docs/tracking.md): `off`, "
            "`sqlite:///FILE`, or the address of an MLflow tracking server."
        ),
    ] = None
    master: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(description="Spark's master for `--env=cluster`, such as `spark://host:7077`."),
    ] = None
    refresh: Annotated[
        bool, Field(description="Forget what earlier runs read and computed, and start over.")
    ] = False
    ingestion: IngestionParameters
    featurization: FeaturizationParameters
    augmentation: AugmentationParameters
    split: SplitParameters
    reduction: ReductionParameters
    classification: ClassificationParameters
    evaluation: EvaluationParameters
    own: OwnParameters = OwnParameters()
    reporting: ReportingParameters
