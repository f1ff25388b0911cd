"""Composes scenes: a cut-out fruit, posed, scaled and repeated, on a background.

Effects of light and camera follow: exposure, colour, shade, blur, noise, JPEG.
"""

import hashlib
import io
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from fruits_kedro.photos.augmentation.backgrounds import Backgrounds
from fruits_kedro.photos.augmentation.foreground import CutOut, cut_out
from fruits_kedro.photos.augmentation.procedural import Random, draw_background
from fruits_kedro.photos.decoding import Pixels

VERSION = "cut out without a pale rim, posed, 3 in 10 with company, lit and photographed"
"""Part of the fingerprint: change this text whenever the pixels change."""


@dataclass(frozen=True)
class Recipe:
    """How photographs become copies.

    Attributes:
        photograph_share: Share of scenes in front of a photograph; the others have a drawn
            background, as all have without photographs.
        studio_share: Share of scenes that stay in a studio: the fruit's own background, another
            pose and light.
        light: How far exposure and colour of light vary; 1 is the variation of kitchen lamps and
            windows.
        seed: Of every draw.
        backgrounds: The photographs.
    """

    photograph_share: float
    studio_share: float
    light: float
    seed: int
    backgrounds: Backgrounds

    def fingerprint(self, backbone: str) -> str:
        """16 hexadecimal digits for features of copies, given a backbone's fingerprint."""
        style = {
            name: getattr(self, name) for name in ("photograph_share", "studio_share", "light")
        }
        values = {"style": style, "seed": self.seed, "backgrounds": self.backgrounds.id}
        text = json.dumps([backbone, VERSION, values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def copy(self, pixels: Pixels, sha256: str, variant: int, in_place: bool = False) -> Pixels:
        """Show a photograph as it would look elsewhere; equal arguments give equal pixels.

        A photograph without a studio background stays whole: it is turned, cropped and lit
        differently.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB, as is the result.
            sha256: Digest of the photograph's file.
            variant: Number of the copy, from 1.
            in_place: Keep the background: own photographs show where the classifier is used.
        """
        names = hashlib.sha256(f"{sha256} {variant} {self.seed}".encode()).digest()
        random = np.random.default_rng(np.frombuffer(names, "<u4"))
        fruit, light = None if in_place else cut_out(pixels), self.light
        if fruit is None:
            return _photographed(_in_other_light(_reframed(pixels, random), random, light), random)
        size = len(pixels)
        if random.random() < self.studio_share:
            canvas = Image.new("RGB", (size, size), fruit.background)
            _place(canvas, fruit.image, random, _log_uniform(random, 0.7, 1.0), centred=True)
            return _photographed(_in_other_light(canvas, random, 0.5 * light), random)
        canvas = _background(random, size, self)
        _fill(canvas, fruit, random, light)
        return _photographed(_shaded(_in_other_light(canvas, random, 0.7 * light), random), random)


def _background(random: Random, size: int, recipe: Recipe) -> Image.Image:
    photographs = recipe.backgrounds.opened
    if not photographs or random.random() >= recipe.photograph_share:
        return draw_background(random, size)
    picture = photographs[int(random.integers(len(photographs)))]
    edge = min(picture.size) * random.uniform(0.5, 1.0)
    left, top = (random.uniform(0, side - edge) for side in picture.size)
    cut = picture.resize(
        (size, size), Image.Resampling.BILINEAR, (left, top, left + edge, top + edge)
    )
    if random.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.5:
        cut = cut.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 3.0)))
    return _in_other_light(cut, random, recipe.light)


def _fill(canvas: Image.Image, fruit: CutOut, random: Random, light: float) -> None:
    """Set one fruit on the canvas, or three times in ten several."""
    lit = _in_other_light(fruit.image, random, 0.7 * light)
    if random.random() >= 0.3:
        _place(canvas, lit, random, _log_uniform(random, 0.3, 1.05))
        return
    scale = _log_uniform(random, 0.25, 0.5)
    for _ in range(int(random.integers(2, 6))):
        _place(canvas, lit, random, scale * random.uniform(0.85, 1.15))


def _place(
    canvas: Image.Image, fruit: Image.Image, random: Random, scale: float, centred: bool = False
) -> None:
    """Set a fruit and its shadow on the canvas; its longer side is ``scale`` times the frame's."""
    posed = _posed(fruit, random, scale * canvas.width)
    alpha = posed.getchannel("A")
    left, top, right, bottom = alpha.getbbox() or (0, 0, *posed.size)
    room = [canvas.width - (right - left), canvas.height - (bottom - top)]
    # Up to a tenth of a fruit may be outside of the frame.
    spare = [0.5, 0.5] if centred else random.uniform(-0.1, 1.1, 2)
    x, y = (int(side * share) for side, share in zip(room, spare, strict=True))
    corner = x - left, y - top
    if not centred and random.random() < 0.8:
        _cast_shadow(canvas, alpha, corner, random)
    canvas.paste(posed, corner, alpha)


def _posed(fruit: Image.Image, random: Random, longest: float) -> Image.Image:
    """The fruit sized, mirrored or not, turned by any angle and seen a little from the side."""
    shrink = longest / max(fruit.size)
    width, height = (max(2, round(side * shrink)) for side in fruit.size)
    sized = fruit.resize((width, height), Image.Resampling.BICUBIC)
    if random.random() < 0.5:
        sized = sized.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle = random.uniform(0, 2 * np.pi)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    # For a view from the side each corner is shifted by up to 0.22 of the fruit's size.
    moved = (corners + random.uniform(-0.22, 0.22, (4, 2)) * [width, height] / 2) @ turn
    moved -= moved.min(axis=0)
    side = np.ceil(moved.max(axis=0)).astype(int) + 1
    coefficients = _perspective(moved, corners + np.array([width, height]) / 2)
    return sized.transform(
        (int(side[0]), int(side[1])),
        Image.Transform.PERSPECTIVE,
        coefficients,
        Image.Resampling.BICUBIC,
    )


def _perspective(
    target: npt.NDArray[np.float64], source: npt.NDArray[np.float64]
) -> tuple[float, ...]:
    """Coefficients of ``Image.Transform.PERSPECTIVE`` that take four points to their sources."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(values)))


def _cast_shadow(
    canvas: Image.Image, alpha: Image.Image, corner: tuple[int, int], random: Random
) -> None:
    reach = max(2, round(0.08 * max(alpha.size)))
    soft = Image.new("L", (alpha.width + 4 * reach, alpha.height + 4 * reach))
    soft.paste(alpha, (2 * reach, 2 * reach))
    soft = soft.filter(ImageFilter.BoxBlur(reach))
    depth = random.uniform(0.25, 0.6)
    dark = soft.point([int(value * depth) for value in range(256)])
    x = corner[0] - 2 * reach + int(random.integers(-reach, reach + 1))
    y = corner[1] - 2 * reach + int(random.integers(0, reach + 1))
    canvas.paste((0, 0, 0), (x, y), dark)


def _reframed(pixels: Pixels, random: Random) -> Image.Image:
    """A part of a photograph, turned a little and mirrored or not."""
    picture, size = Image.fromarray(pixels), len(pixels)
    turned = picture.rotate(random.uniform(-15, 15), Image.Resampling.BICUBIC)
    edge = size * random.uniform(0.6, 0.85)
    left, top = random.uniform(0.1 * (size - edge), 0.9 * (size - edge), 2)
    cut = turned.resize(
        (size, size), Image.Resampling.BICUBIC, (left, top, left + edge, top + edge)
    )
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else cut


def _in_other_light(image: Image.Image, random: Random, strength: float) -> Image.Image:
    """Change exposure, contrast and colour of light by one curve per channel; alpha stays."""
    gamma = np.exp(random.normal(0, 0.28 * strength))
    gain = 1 + random.normal(0, 0.12 * strength)
    warmth, tint = random.normal(0, 0.07 * strength), random.normal(0, 0.03 * strength)
    channels = np.array([1 + warmth, 1 + tint, 1 - warmth]) * gain
    steps = (np.arange(256) / 255) ** gamma
    curves = np.clip(steps * channels[:, np.newaxis] * 255, 0, 255).astype(np.uint8)
    values = np.array(image)
    for channel, curve in enumerate(curves):
        values[..., channel] = curve[values[..., channel]]
    return Image.fromarray(values)


def _shaded(image: Image.Image, random: Random) -> Image.Image:
    """Let light fall from one side; RGB."""
    depth = random.uniform(0, 0.45)
    angle = random.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, image.width, dtype=np.float32) * np.float32(np.cos(angle))
    down = np.linspace(-1, 1, image.height, dtype=np.float32) * np.float32(np.sin(angle))
    light = 1 + np.float32(depth / 1.5) * np.add.outer(down, across)
    values = np.asarray(image, np.float32) * light[..., np.newaxis]
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _photographed(image: Image.Image, random: Random) -> Pixels:
    """Blur, add noise and compress, each sometimes and to a varying degree; RGB."""
    if random.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.8)))
    if random.random() < 0.3:
        noise = random.normal(0, random.uniform(2, 9), (image.height, image.width, 1))
        noisy = np.asarray(image, np.float32) + noise.astype(np.float32)
        image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if random.random() < 0.7:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(random.integers(35, 95)))
        image = Image.open(buffer)
    return np.array(image.convert("RGB"))


def _log_uniform(random: Random, low: float, high: float) -> float:
    """Draw between two sizes, half of the draws on either side of their geometric mean."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))
