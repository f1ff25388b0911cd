"""The schema of the classifier's parameters."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.kinds import CLASSIFIERS, ChoiceOf
from fruits_kedro.parameters.strict_model import Count, Seed, Share, StrictModel


class LogisticRegressionParameters(StrictModel):
    """Multinomial logistic regression."""

    reg_param: Annotated[float, Field(ge=0, description="L2 penalty.")]
    standardization: Annotated[
        bool, Field(description="Scale every component to unit variance before fitting.")
    ]
    max_iter: Annotated[Count, Field(description="Most iterations of L-BFGS.")]


class RandomForestParameters(StrictModel):
    """Random forest."""

    trees: Annotated[Count, Field(description="Trees of the forest.")]
    max_depth: Annotated[int, Field(ge=1, le=30, description="Most levels of a tree.")]
    seed: Annotated[Seed, Field(description="Seed of the forest.")]


class CalibrationParameters(StrictModel):
    """What probabilities are worth, found on held-out train photographs."""

    rows: Annotated[Count, Field(description="Most train photographs that are examined.")]
    minimum: Annotated[
        Count,
        Field(
            description="Held-out photographs that are needed; with fewer, nothing is calibrated."
        ),
    ]
    held_out_share: Annotated[
        Share,
        Field(description="Held-out share of each label if file names tell no capture groups."),
    ]
    precision: Annotated[
        Share,
        Field(description="Share of sure predictions that must be right."),
    ]
    known_share: Annotated[
        Share,
        Field(description="Share of known fruits that must not count as outliers."),
    ]


class ClassificationParameters(StrictModel):
    """Which classifier is trained, and how."""

    classifier: Annotated[
        str,
        ChoiceOf(CLASSIFIERS),
        Field(description="The classifier that is trained and kept."),
    ]
    rows: Annotated[
        Count,
        Field(
            description="Most train rows of the fit, an even draw by sha256; 500,000 rows of 300 "
            "components take 1.2 GB of the driver."
        ),
    ]
    logistic_regression: LogisticRegressionParameters
    random_forest: RandomForestParameters
    calibration: CalibrationParameters
    options: Annotated[
        dict[str, bool | int | float | str] | None,
        Field(description="Settings of a classifier without a group here (docs/extending.md)."),
    ] = None
