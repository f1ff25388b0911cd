"""What a copy is made of, and the name by which it is known again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from PIL import Image

from fruits_kedro.photos.augmentation.foreground import Pixels
from fruits_kedro.photos.augmentation.randomness import random_of
from fruits_kedro.photos.augmentation.scene import Style, make_scene

VERSION = "cut out without a pale rim, posed, 3 in 10 with company, lit and photographed"
"""Part of the fingerprint: change the words when the pixels change."""


@dataclass(frozen=True)
class Recipe:
    """How photographs become copies.

    Attributes:
        style: Of the scenes.
        seed: Another one gives other copies.
        backgrounds: ``Backgrounds.id`` of the photographs.
    """

    style: Style
    seed: int
    backgrounds: str

    def fingerprint(self, backbone: str) -> str:
        """16 hexadecimal digits that name features of copies, by a backbone's fingerprint."""
        text = json.dumps([backbone, VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def copy(
        self, pixels: Pixels, sha256: str, variant: int, photographs: Sequence[Image.Image]
    ) -> Pixels:
        """One copy of a photograph: always the same one.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB.
            sha256: Of the photograph.
            variant: Which of its copies, from 1.
            photographs: The backgrounds that ``backgrounds`` names.

        Returns:
            The same shape.
        """
        random = random_of(sha256, variant, self.seed)
        return make_scene(pixels, random, photographs, self.style)
