"""The schema of every parameter: type, range and meaning in one place.

Values live in ``conf/base/parameters_*.yml``; nodes receive these models, validated.
``docs/parameters.md`` is written from here (``tools/write_parameters.py``).
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.parameters.ingestion import IngestionParameters
from fruits_kedro.parameters.kinds import NETWORKS, ChoiceOf
from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.parameters.split import SplitParameters
from fruits_kedro.parameters.strict_model import Count, Seed, Share
from fruits_kedro.parameters.strict_model import StrictModel as _Strict

__all__ = ["IngestionParameters", "Parameters", "SplitParameters"]


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


class MapParameters(_Strict):
    """The two-dimensional t-SNE map."""

    points: Annotated[int, Field(ge=3, le=5000, description="Photographs on the map, at most.")]
    landmarks: Annotated[
        int,
        Field(
            ge=3,
            le=5000,
            description="Of these, so many are placed by t-SNE, the others among the three of them "
            "that are nearest.",
        ),
    ]
    perplexity: Annotated[
        float,
        Field(
            gt=0,
            description="Neighbours each point looks at, lowered where there are few points.",
        ),
    ]
    components: Annotated[Count, Field(description="Leading principal components that t-SNE sees.")]
    seed: Annotated[Seed, Field(description="Seed of the map.")]


class ReductionParameters(_Strict):
    """Scaling and PCA."""

    scaling: Annotated[
        Literal["within_label", "unit_length", "standard"],
        Field(
            description="`standard` gives every feature mean 0 and variance 1 over the train rows; "
            "`unit_length` divides each photograph's features by their Euclidean length, and "
            "leaves them their shares of the variance; `within_label` does that and then shrinks "
            "the directions in which train photographs of one label differ."
        ),
    ]
    shrinkage: Annotated[
        float,
        Field(
            gt=0,
            description="With `within_label`: part of the mean variance within labels that is "
            "added in every direction; the larger, the nearer to `unit_length`.",
        ),
    ]
    k: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=1280)] | Annotated[Share, Field(strict=True)],
        Field(
            description="Principal components to keep: their number, lowered with a warning where "
            "there are fewer train rows, or the share of variance that the fewest reach."
        ),
    ]
    driver_megabytes: Annotated[
        int,
        Field(
            ge=0,
            description="MiB of features, four bytes each, that are fitted and reduced in the "
            "driver's memory; more stay on the workers, with the same result.",
        ),
    ]
    csv_rows: Annotated[
        Count,
        Field(description="Photographs in `reduced_features.csv`, at most: an even draw of more."),
    ]
    map: MapParameters

    @property
    def unit_length(self) -> bool:
        """Whether each photograph's features are brought to length 1 first."""
        return self.scaling != "standard"

    @property
    def within_shrinkage(self) -> float | None:
        """``shrinkage`` where the covariance within labels is taken out, else None."""
        return self.shrinkage if self.scaling == "within_label" else None


class EvaluationParameters(_Strict):
    """How the classifier is examined beyond the kept split."""

    capture_pattern: Annotated[
        str,
        Field(
            description="Python regular expression, matched from the start of the file name; its "
            "one group names the capture group: all frames of one turn of one fruit."
        ),
    ]
    scenes_per_group: Annotated[
        Count,
        Field(
            description="Photographs of each label and capture group that are shown in a cluttered "
            "scene, at most."
        ),
    ]
    scenes_seed: Annotated[Seed, Field(description="Seed of the cluttered scenes.")]

    @field_validator("capture_pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        import re

        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from error
        if groups != 1:
            raise ValueError(f"must have exactly one group in parentheses, it has {groups}")
        return pattern


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
    reporting: ReportingParameters
