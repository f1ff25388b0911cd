"""Schema of the parameters of the report."""

from typing import Annotated

from pydantic import Field

from fruits_kedro.parameters.strict_model import Count, StrictModel


class ReportingParameters(StrictModel):
    """What the report shows."""

    examined: Annotated[
        int,
        Field(
            ge=2,
            le=100_000,
            description="Most held-out and most train photographs that are compared with every "
            "train photograph, an even draw.",
        ),
    ]
    near_duplicate: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Least cosine of the components of near-duplicates.",
        ),
    ]
    neighbours: Annotated[
        int,
        Field(ge=1, le=100, description="Nearest train photographs whose labels are compared."),
    ]
    agreement: Annotated[
        float,
        Field(
            gt=0.5,
            le=1,
            description="Share of them with one other label that makes a photograph likely "
            "mislabelled.",
        ),
    ]
    outlier_deviations: Annotated[
        float,
        Field(
            gt=0,
            description="Robust standard deviations from a label's centre that make an outlier.",
        ),
    ]
    covered_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the labels that needs a test photograph; below it, log and "
            "report warn.",
        ),
    ]
    csv_rows: Annotated[
        Count,
        Field(description="Most photographs in `reduced_features.csv`, an even draw."),
    ]
    gallery: Annotated[int, Field(ge=1, le=60, description="Most photographs per gallery.")]
    pairs: Annotated[int, Field(ge=1, le=30, description="Most confused pairs of labels shown.")]
    page_megabytes: Annotated[
        float, Field(ge=2, le=10, description="Largest size of the page in MB (10^6 bytes).")
    ]
    decoded_megapixels: Annotated[
        Count,
        Field(
            description="Most megapixels that are decoded to be shown; further photographs are "
            "only named."
        ),
    ]
    read_megabytes: Annotated[
        Count,
        Field(
            description="MiB of `images` up to which the table is read; of a larger one, single "
            "files."
        ),
    ]
