"""The schema of every parameter: type, range and meaning in one place.

Values live in ``conf/base/parameters_*.yml``; nodes receive these models, validated.
``docs/configuration.md`` is written from here (``make docs``).
"""

from pydantic import Field

from fruits_kedro.parameters.fits import (
    CalibrationParameters,
    ClassificationParameters,
    EvaluationParameters,
    MapParameters,
    OwnParameters,
    ReductionParameters,
)
from fruits_kedro.parameters.photographs import (
    AUTO,
    AugmentationParameters,
    FeaturizationParameters,
    IngestionParameters,
    SplitParameters,
)
from fruits_kedro.parameters.types import Count, Portion, Share, StrictModel, Text

__all__ = [
    "AUTO",
    "AppParameters",
    "AugmentationParameters",
    "CalibrationParameters",
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


class ReportingParameters(StrictModel):
    """What the report shows."""

    examined: int = Field(ge=2, le=100_000)
    """Most held-out and most train photographs that are compared with every train photograph, an
    even draw."""
    near_duplicate: float = Field(gt=0, le=1)
    """Least cosine of the components of near-duplicates."""
    neighbours: int = Field(ge=1, le=100)
    """Nearest train photographs whose labels are compared."""
    agreement: float = Field(gt=0.5, le=1)
    """Share of them with one other label that makes a photograph likely mislabelled."""
    outlier_deviations: float = Field(gt=0)
    """Robust standard deviations from a label's centre that make an outlier."""
    covered_share: Portion
    """Share of the labels that needs a test photograph; below it, log and report warn."""
    csv_rows: Count
    """Most photographs in `reduced_features.csv`, an even draw."""
    gallery: int = Field(ge=1, le=60)
    """Most photographs per gallery."""
    pairs: int = Field(ge=1, le=30)
    """Most confused pairs of labels shown."""
    page_megabytes: float = Field(ge=2, le=10)
    """Largest size of the page in MB (10^6 bytes)."""
    decoded_megapixels: Count
    """Most megapixels that are decoded to be shown; further photographs are only named."""
    read_megabytes: Count
    """MiB of `images` up to which the table is read; of a larger one, single files."""


class AppParameters(StrictModel):
    """What the app offers if it is not sure."""

    candidates: int = Field(ge=1, le=10)
    """Most names that are offered if the model is not sure."""
    candidate_floor: Share
    """Least probability of an offered name; if none reaches it, the photograph shows no known
    fruit."""


class Parameters(StrictModel):
    """Where photographs, results and records are; the groups say how the work is done."""

    images: Text | None = None
    """Folder of photographs, local or `s3://`."""
    storage: Text | None = None
    """Folder of every result, local or `s3://`."""
    backgrounds: Text | None = None
    """Backgrounds of augmented copies: `shipped`, or a folder of photographs, local or `s3://`."""
    tracking: str | bool | None = None
    """Where runs are recorded for comparison (docs/how-it-works.md): `off`, `sqlite:///FILE`, or
    the address of an MLflow tracking server."""
    master: Text | None = None
    """Spark's master for `--env=cluster`, such as `spark://host:7077`."""
    refresh: bool = False
    """Start over: read and compute everything again."""
    ingestion: IngestionParameters
    featurization: FeaturizationParameters
    augmentation: AugmentationParameters
    split: SplitParameters
    own: OwnParameters = OwnParameters()
    reduction: ReductionParameters
    classification: ClassificationParameters
    evaluation: EvaluationParameters
    reporting: ReportingParameters
    app: AppParameters
