"""A camera that shows one picture, for Chromium's fake capture device."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (640, 480)


def write_video(picture: Image.Image, path: Path, fill: float = 0.78) -> Path:
    """A Y4M film of a picture in front of white, as a camera would see it."""
    frame = Image.new("RGB", SIZE, "white")
    scale = min(SIZE) * fill / max(picture.size)
    shown = picture.convert("RGB").resize([round(side * scale) for side in picture.size])
    frame.paste(shown, ((SIZE[0] - shown.width) // 2, (SIZE[1] - shown.height) // 2))
    y, cb, cr = frame.convert("YCbCr").split()
    half = (SIZE[0] // 2, SIZE[1] // 2)

    def limited(plane: Image.Image, top: int) -> bytes:
        return np.rint(16 + np.asarray(plane, float) / 255 * (top - 16)).astype(np.uint8).tobytes()

    planes = limited(y, 235) + limited(cb.resize(half), 240) + limited(cr.resize(half), 240)
    header = f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(header + 10 * (b"FRAME\n" + planes))
    return path
