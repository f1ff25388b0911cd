"""The schema of the parameters of scaling, PCA and the map."""

from typing import Annotated, Literal

from pydantic import Field

from fruits_kedro.parameters.strict_model import Count, Seed, Share, StrictModel


class MapParameters(StrictModel):
    """The two-dimensional t-SNE map."""

    points: Annotated[int, Field(ge=3, le=5000, description="Most photographs on the map.")]
    landmarks: Annotated[
        int,
        Field(
            ge=3,
            le=5000,
            description="Most photographs that t-SNE places; others go among the three nearest.",
        ),
    ]
    perplexity: Annotated[
        float,
        Field(
            gt=0,
            description="Neighbours of each point, lowered if there are few points.",
        ),
    ]
    components: Annotated[Count, Field(description="Leading principal components that t-SNE sees.")]
    iterations: Annotated[int, Field(ge=250, description="Steps of t-SNE.")]
    seed: Annotated[Seed, Field(description="Seed of the map.")]


class ReductionParameters(StrictModel):
    """Scaling and PCA."""

    scaling: Annotated[
        Literal["within_label", "unit_length", "standard"],
        Field(
            description="`standard` gives every feature variance 1; `unit_length` divides each "
            "photograph's features by their length; `within_label` also shrinks the directions in "
            "which photographs of one label differ."
        ),
    ]
    shrinkage: Annotated[
        float,
        Field(
            gt=0,
            description="With `within_label`: share of the mean variance within labels, added in "
            "every direction; the larger, the nearer to `unit_length`.",
        ),
    ]
    k: Annotated[
        Annotated[int, Field(strict=True, ge=1)] | Annotated[Share, Field(strict=True)],
        Field(
            description="Principal components to keep: their number, lowered with a warning if "
            "there are fewer train rows or features, or a share of variance"
        ),
    ]
    rows: Annotated[
        Count,
        Field(description="Most train rows of the fit, an even draw by sha256."),
    ]
    map: MapParameters

    @property
    def unit_length(self) -> bool:
        """Whether each photograph's features are divided by their Euclidean length."""
        return self.scaling != "standard"

    @property
    def within_shrinkage(self) -> float | None:
        """``shrinkage`` if ``scaling`` is ``within_label``, else None."""
        return self.shrinkage if self.scaling == "within_label" else None
