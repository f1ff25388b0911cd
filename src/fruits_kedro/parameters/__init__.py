"""The schema of every parameter: type, range and meaning in one place.

Values live in ``conf/base/parameters_*.yml``; nodes receive these models, validated.
``docs/configuration.md`` is written from here (``make docs``).
"""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.app import AppParameters
from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.parameters.evaluation import EvaluationParameters, OwnParameters
from fruits_kedro.parameters.featurization import FeaturizationParameters
from fruits_kedro.parameters.ingestion import IngestionParameters
from fruits_kedro.parameters.reduction import MapParameters, ReductionParameters
from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.parameters.split import SplitParameters
from fruits_kedro.parameters.strict_model import StrictModel, Text

__all__ = [
    "AppParameters",
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


class Parameters(StrictModel):
    """Where photographs, results and records are; the groups say how the work is done."""

    images: Annotated[
        Text | None,
        Field(description="Folder of photographs, local or `s3://`."),
    ] = None
    storage: Annotated[
        Text | None,
        Field(description="Folder of every result, local or `s3://`."),
    ] = None
    backgrounds: Annotated[
        Text | None,
        Field(
            description="Backgrounds of augmented copies: `shipped`, or a folder of photographs, "
            "local or `s3://`."
        ),
    ] = None
    tracking: Annotated[
        str | bool | None,
        Field(
            description="Where runs are recorded for comparison (docs/how-it-works.md): `off`, "
            "`sqlite:///FILE`, or the address of an MLflow tracking server."
        ),
    ] = None
    master: Annotated[
        Text | None,
        Field(description="Spark's master for `--env=cluster`, such as `spark://host:7077`."),
    ] = None
    refresh: Annotated[
        bool, Field(description="Start over: read and compute everything again.")
    ] = False
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
