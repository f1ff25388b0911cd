"""Chooses the copies of each photograph, and makes them reproducibly."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from PIL import Image

from fruits_kedro.photos.augmentation.foreground import Pixels
from fruits_kedro.photos.augmentation.procedural import Random
from fruits_kedro.photos.augmentation.scene import Style, make_scene
from fruits_kedro.photos.draws import draw

VERSION = "cut out without a pale rim, posed, 3 in 10 with company, lit and photographed"
"""Part of the fingerprint: change this text whenever the pixels change."""


@dataclass(frozen=True)
class Recipe:
    """How photographs become copies; ``backgrounds`` is the ``Backgrounds.id``."""

    style: Style
    seed: int
    backgrounds: str

    def fingerprint(self, backbone: str) -> str:
        """16 hexadecimal digits for features of copies, given a backbone's fingerprint."""
        text = json.dumps([backbone, VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def copy(
        self,
        pixels: Pixels,
        sha256: str,
        variant: int,
        photographs: Sequence[Image.Image],
        in_place: bool = False,
    ) -> Pixels:
        """Make one copy of a photograph; equal arguments give equal pixels on every machine.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB, as is the result.
            sha256: Digest of the photograph's file.
            variant: Number of the copy, from 1.
            photographs: The backgrounds that ``backgrounds`` identifies.
            in_place: Keep the background: own photographs show where the classifier is used.
        """
        random = random_of(sha256, variant, self.seed)
        return make_scene(pixels, random, photographs, self.style, in_place)


def random_of(*names: object) -> Random:
    """A random generator seeded by names such as sha256 and variant, equal in every process."""
    digest = hashlib.sha256(" ".join(map(str, names)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, "<u4"))


def choose_copies(train: pa.Table, copies: int, per_label: int, seed: int) -> pa.Table:
    """Choose the copies of train photographs, on the driver.

    Every photograph gets its first copy before any gets a second. If a label has more photographs
    than ``per_label``, a draw by sha256 and seed decides which get one.

    Args:
        train: Photographs that train, with ``sha256`` and ``label``.
        copies: Copies of each photograph, at most.
        per_label: Copies of each label, at most.
        seed: Of the draw.

    Returns:
        ``sha256``, ``label`` and ``variant`` (int32, from 1), ordered by label and variant.
    """
    import pandas as pd  # takes a worker 0.15 s, and only the driver chooses

    files = train.select(["sha256", "label"]).to_pandas()
    files["draw"] = draw(train["sha256"], seed)
    numbered = [files.assign(variant=np.int32(number)) for number in range(1, copies + 1)]
    every = pd.concat(numbered or [files.assign(variant=np.int32(0)).head(0)])
    ordered = every.sort_values(["label", "variant", "draw", "sha256"])
    chosen = ordered[ordered.groupby("label").cumcount() < per_label]
    columns = {"sha256": pa.string(), "label": pa.string(), "variant": pa.int32()}
    return pa.Table.from_pandas(chosen[list(columns)], pa.schema(columns), preserve_index=False)
