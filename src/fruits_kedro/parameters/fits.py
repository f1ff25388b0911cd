"""What is fitted, how it is examined, and the part of own photographs in both."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fruits_kedro.parameters.kinds import CLASSIFIERS, ChoiceOf
from fruits_kedro.parameters.types import Count, Pattern, Seed, Share, StrictModel


class MapParameters(StrictModel):
    """The two-dimensional t-SNE map."""

    points: int = Field(ge=3, le=5000)
    """Most photographs on the map."""
    landmarks: int = Field(ge=3, le=5000)
    """Most photographs that t-SNE places; others go among the three nearest."""
    perplexity: float = Field(gt=0)
    """Neighbours of each point, lowered if there are few points."""
    components: Count
    """Leading principal components that t-SNE sees."""
    iterations: int = Field(ge=250)
    """Steps of t-SNE."""
    seed: Seed
    """Seed of the map."""


class ReductionParameters(StrictModel):
    """Scaling and PCA."""

    scaling: Literal["within_label", "unit_length", "standard"]
    """`standard` gives every feature variance 1; `unit_length` divides each photograph's features
    by their length; `within_label` also shrinks the directions in which photographs of one label
    differ."""
    shrinkage: float = Field(gt=0)
    """With `within_label`: share of the mean variance within labels, added in every direction; the
    larger, the nearer to `unit_length`."""
    k: Annotated[int, Field(strict=True, ge=1)] | Annotated[Share, Field(strict=True)]
    """Principal components to keep: their number, lowered with a warning if there are fewer train
    rows or features, or a share of variance"""
    rows: Count
    """Most train rows of the fit, an even draw by sha256."""
    map: MapParameters

    @property
    def unit_length(self) -> bool:
        """Whether each photograph's features are divided by their Euclidean length."""
        return self.scaling != "standard"

    @property
    def within_shrinkage(self) -> float | None:
        """``shrinkage`` if ``scaling`` is ``within_label``, else None."""
        return self.shrinkage if self.scaling == "within_label" else None


class LogisticRegressionParameters(StrictModel):
    """Multinomial logistic regression."""

    reg_param: float = Field(ge=0)
    """L2 penalty."""
    standardization: bool
    """Scale every component to unit variance before fitting."""
    max_iter: Count
    """Most iterations of L-BFGS."""


class RandomForestParameters(StrictModel):
    """Random forest."""

    trees: Count
    """Trees of the forest."""
    max_depth: int = Field(ge=1, le=30)
    """Most levels of a tree."""
    seed: Seed
    """Seed of the forest."""


class CalibrationParameters(StrictModel):
    """What probabilities are worth, found on held-out train photographs."""

    rows: Count
    """Most train photographs that are examined."""
    minimum: Count
    """Held-out photographs that are needed; with fewer, nothing is calibrated."""
    held_out_share: Share
    """Held-out share of each label if file names tell no capture groups."""
    precision: Share
    """Share of sure predictions that must be right."""
    known_share: Share
    """Share of known fruits that must not count as outliers."""


class ClassificationParameters(StrictModel):
    """Which classifier is trained, and how."""

    classifier: Annotated[str, ChoiceOf(CLASSIFIERS)]
    """The classifier that is trained and kept."""
    rows: Count
    """Most train rows of the fit, an even draw by sha256; 500,000 rows of 300 components take 1.2
    GB of the driver."""
    logistic_regression: LogisticRegressionParameters
    random_forest: RandomForestParameters
    calibration: CalibrationParameters
    options: dict[str, bool | int | float | str] | None = None
    """Settings of a classifier without a group here (docs/extending.md)."""


class OwnParameters(StrictModel):
    """Own photographs, taken where the classifier is used."""

    folders: tuple[str, ...] = ()
    """Folders of label folders, local or `s3://`. `--params=own=…` and `FRUITS_OWN` separate
    several by commas."""
    place_pattern: Pattern = r"^([^/]+)/"
    """Regular expression, searched in the path below the label folder; its one group is the place.
    Without a match the place is the name of the own folder."""
    share: Share = 0.1
    """Share of a label's weight in training, whatever the number of own photographs."""
    minimum: Count = 100
    """Photographs of a place that are needed to calibrate by them."""
    folds: int = Field(default=5, ge=2, le=20)
    """Parts that are held out in turn if file names tell no sessions."""
    draws: Count = 3
    """Draws per point of the learning curve."""
    seed: Seed = 42
    """Seed of these draws."""

    @model_validator(mode="before")
    @classmethod
    def _folders_alone(cls, value: Any) -> Any:
        """``own`` may be the folders alone: text with commas, or a list."""
        if value is None:
            return {}
        if isinstance(value, str):
            return {"folders": [part.strip() for part in value.split(",") if part.strip()]}
        return {"folders": value} if isinstance(value, list) else value


class EvaluationParameters(StrictModel):
    """How the classifier is examined beyond the kept split."""

    rows: Count
    """Most photographs and copies of the refits, an even draw by sha256."""
    scenes_per_group: Count
    """Most cluttered scenes per label and capture group."""
    scenes_seed: Seed
    """Seed of the cluttered scenes."""
