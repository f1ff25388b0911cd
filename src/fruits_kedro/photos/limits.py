"""How much a single file may ask for."""

from dataclasses import dataclass


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
