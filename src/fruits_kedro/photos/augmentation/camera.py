"""What light and a camera do to a scene: exposure, colour of light, shade, blur, noise, JPEG."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from fruits_kedro.photos.augmentation.randomness import Random

_STEPS = np.arange(256) / 255.0


def in_other_light(image: Image.Image, random: Random, strength: float) -> Image.Image:
    """Another exposure, contrast and colour of light, by one curve per channel.

    Args:
        image: RGB or RGBA; alpha stays.
        random: Decides how.
        strength: 1 is what a kitchen lamp or a window does.
    """
    gamma = np.exp(random.normal(0, 0.28 * strength))
    gain = 1 + random.normal(0, 0.12 * strength)
    warmth, tint = random.normal(0, 0.07 * strength), random.normal(0, 0.03 * strength)
    channels = np.array([1 + warmth, 1 + tint, 1 - warmth]) * gain
    curves = np.clip(_STEPS**gamma * channels[:, np.newaxis] * 255, 0, 255).astype(np.uint8)
    values = np.array(image)
    for channel, curve in enumerate(curves):
        values[..., channel] = curve[values[..., channel]]
    return Image.fromarray(values)


def shaded(image: Image.Image, random: Random) -> Image.Image:
    """Light that falls from one side, RGB."""
    depth = random.uniform(0, 0.45)
    angle = random.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, image.width, dtype=np.float32) * np.float32(np.cos(angle))
    down = np.linspace(-1, 1, image.height, dtype=np.float32) * np.float32(np.sin(angle))
    light = 1 + np.float32(depth / 1.5) * np.add.outer(down, across)
    values = np.asarray(image, np.float32) * light[..., np.newaxis]
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def photographed(image: Image.Image, random: Random) -> npt.NDArray[np.uint8]:
    """Out of focus, noisy and compressed, each sometimes and more or less; RGB in and out."""
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
