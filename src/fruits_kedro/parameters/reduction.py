"""The schema of the parameters of scaling, PCA and the map."""

from typing import Annotated, Literal

from pydantic import Field

from fruits_kedro.parameters.strict_model import Count, Seed, Share, StrictModel


class MapParameters(StrictModel):
    """The two-dimensional t-SNE map."""

    points: Annotated[int, Field(ge=3, le=5000, description="Photographs on the map, at most.")]
    landmarks: Annotated[
        int,
        Field(
            ge=3,
            le=5000,
            description="Photographs that t-SNE places, at most; each of the others goes among the "
            "three nearest of them.",
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


class ReductionParameters(StrictModel):
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
        Annotated[int, Field(strict=True, ge=1)] | Annotated[Share, Field(strict=True)],
        Field(
            description="Principal components to keep: their number, lowered with a warning where "
            "there are fewer train rows or features, or a share of variance, which the fewest "
            "sufficient components reach."
        ),
    ]
    rows: Annotated[
        Count,
        Field(
            description="Train rows that scaler and PCA are fitted on, at most, spread evenly by "
            "sha256."
        ),
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
