"""How much a single file may ask for."""

from dataclasses import dataclass
from typing import Self

from fruits_kedro.parameters.ingestion import IngestionParameters


@dataclass(frozen=True)
class Limits:
    """What a file may hold or announce.

    Attributes:
        max_bytes: A larger file is rejected.
        max_pixels: A header that announces more is rejected.
        stored_bytes: A larger photograph is not copied, and read again where it is needed.
    """

    max_bytes: int
    max_pixels: int
    stored_bytes: int

    @classmethod
    def of(cls, parameters: IngestionParameters) -> Self:
        """The limits of a run."""
        return cls(parameters.max_bytes, parameters.max_pixels, parameters.stored_bytes)
