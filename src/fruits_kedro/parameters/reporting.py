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
            description="Held-out photographs, and as many train photographs, that are compared "
            "with every train photograph, at most: an even draw of more.",
        ),
    ]
    near_duplicate: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Cosine of the components from which two photographs are near-duplicates.",
        ),
    ]
    neighbours: Annotated[
        int,
        Field(ge=1, le=100, description="Nearest train photographs that are asked for a label."),
    ]
    agreement: Annotated[
        float,
        Field(
            gt=0.5,
            le=1,
            description="Share of them that has to agree on another label for a photograph to be "
            "likely mislabelled.",
        ),
    ]
    outlier_deviations: Annotated[
        float,
        Field(
            gt=0,
            description="Robust standard deviations of the distance to the centre of a label from "
            "which a photograph is an outlier.",
        ),
    ]
    covered_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the labels that needs a test photograph; below, the log and the "
            "report warn that the accuracy covers too few.",
        ),
    ]
    csv_rows: Annotated[
        Count,
        Field(description="Photographs in `reduced_features.csv`, at most: an even draw of more."),
    ]
    gallery: Annotated[int, Field(ge=1, le=60, description="Photographs of each gallery, at most.")]
    pairs: Annotated[int, Field(ge=1, le=30, description="Most confused pairs of labels shown.")]
    page_megabytes: Annotated[
        float, Field(ge=2, le=10, description="Size of the page in MB (10^6 bytes), at most.")
    ]
    decoded_megapixels: Annotated[
        Count,
        Field(
            description="Megapixels of photographs that are decoded to be shown, at most; the "
            "page names further ones without their picture."
        ),
    ]
    read_megabytes: Annotated[
        Count,
        Field(
            description="MiB of stored photographs up to which they are read from `images`; with "
            "a larger table the files themselves are read, one by one."
        ),
    ]
