"""Size limits of a single file."""

from dataclasses import dataclass
from typing import Self

from fruits_kedro.parameters import IngestionParameters


@dataclass(frozen=True)
class Limits:
    """Limits for one file.

    Attributes:
        max_bytes: A larger file is rejected without being read.
        max_pixels: A photograph whose header announces more is rejected without being decoded.
        stored_bytes: A larger photograph is not copied into the storage but read again when needed.
    """

    max_bytes: int
    max_pixels: int
    stored_bytes: int

    @classmethod
    def of(cls, parameters: IngestionParameters) -> Self:
        """The limits of a run."""
        return cls(parameters.max_bytes, parameters.max_pixels, parameters.stored_bytes)
