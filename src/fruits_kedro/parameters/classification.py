"""The schema of the classifier's parameters; see ``fruits_kedro.parameters``."""

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
    max_iter: Annotated[Count, Field(description="Iterations of L-BFGS, at most.")]


class RandomForestParameters(StrictModel):
    """Random forest."""

    trees: Annotated[Count, Field(description="Trees of the forest.")]
    max_depth: Annotated[int, Field(ge=1, le=30, description="Levels of a tree, at most.")]
    seed: Annotated[Seed, Field(description="Seed of the forest.")]


class CalibrationParameters(StrictModel):
    """How far probabilities can be believed, found on train photographs that are held out."""

    rows: Annotated[Count, Field(description="Train photographs looked at, at most.")]
    minimum: Annotated[
        Count,
        Field(
            description="Held-out photographs that are needed; with fewer, probabilities stay as "
            "they are."
        ),
    ]
    held_out_share: Annotated[
        Share,
        Field(
            description="Share of each label that is held out where file names tell no capture "
            "groups."
        ),
    ]
    precision: Annotated[
        Share,
        Field(description="Wanted share of right ones among predictions that are sure."),
    ]
    known_share: Annotated[
        Share,
        Field(description="Share of known fruits that may not be taken for outliers."),
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
            description="Train rows that the classifier is fitted on, at most, spread evenly by "
            "sha256; reduced to components, a million of 300 are 2.4 GB in the driver's memory."
        ),
    ]
    logistic_regression: LogisticRegressionParameters
    random_forest: RandomForestParameters
    calibration: CalibrationParameters
    options: Annotated[
        dict[str, bool | int | float | str] | None,
        Field(
            description="Settings of a classifier that has no group of its own (docs/extending.md)."
        ),
    ] = None
