"""How much a single file may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a file may hold or announce before it is rejected.

    Attributes:
        max_bytes: Its size.
        max_pixels: What its header announces.
    """

    max_bytes: int
    max_pixels: int
