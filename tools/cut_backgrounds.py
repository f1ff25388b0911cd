"""Cut the backgrounds of augmented copies from photographs that other packages ship.

The photographs (``templates/backgrounds.csv``) come from packages of PyPI, npm and Debian whose
licences allow cutting and committing them. No photograph gives backgrounds to both sides, so
``held_out`` shows places that never trained.

    npm pack @pmndrs/assets@1.7.0
    pip download --no-deps scikit-image==0.26.0
    apt-get download lomiri-wallpapers-16.04=20.04.0-2 mypaint-data-extras=2.0.1-9
    python tools/cut_backgrounds.py FOLDER_OF_THE_FOUR

Needs Pillow, numpy and, for panoramas, OpenEXR (``pip install OpenEXR``, in a venv of its own: the
project has no other use for it). The output depends on the packages, on this file and on Pillow.
"""

import argparse
import base64
import csv
import gzip
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

DEFAULT_OUT = (
    Path(__file__).resolve().parents[1] / "src/fruits_kedro/photos/augmentation/backgrounds"
)
TEMPLATES = Path(__file__).with_name("templates")
SIZE = 224
JPEG_QUALITY = 85
TRAIN, HELD_OUT = "train", "held_out"
FIELD_OF_VIEW = 90.0  # degrees of a view cut from a panorama
DOWN, LEVEL = -35.0, -8.0  # degrees: at a table or a floor, and into a room


class Package(NamedTuple):
    """Where a photograph comes from: a pattern of file names, and where photographs lie inside."""

    pattern: str
    name: str
    folder: str


LOMIRI = "lomiri-wallpapers-16.04 20.04.0-2 (Debian)"
MYPAINT = "mypaint-data-extras 2.0.1-9 (Debian)"
PACKAGES = {
    "pmndrs": Package("pmndrs-assets-*.tgz", "@pmndrs/assets 1.7.0 (npm)", "package/hdri"),
    "skimage": Package("scikit_image-*.whl", "scikit-image 0.26.0 (PyPI)", "skimage/data"),
    "lomiri": Package("lomiri-wallpapers-16.04_*.deb", LOMIRI, "usr/share/backgrounds"),
    "mypaint": Package(
        "mypaint-data-extras_*.deb", MYPAINT, "usr/share/mypaint/backgrounds/mrmamurk"
    ),
}


class Photo(NamedTuple):
    """One photograph and how many backgrounds are cut from it."""

    package: Package
    file: str
    split: str
    tiles: int
    licence: str
    author: str


def read_photos() -> list[Photo]:
    """All photographs of ``templates/backgrounds.csv``, in order."""
    with (TEMPLATES / "backgrounds.csv").open(newline="", encoding="utf-8") as rows:
        return [
            Photo(PACKAGES[package], name, split, int(tiles), licence, author)
            for package, name, split, tiles, licence, author in list(csv.reader(rows))[1:]
        ]


PHOTOS = read_photos()


def main() -> None:
    """Write every background and the list of their origins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", type=Path, help="folder of the four packages, as downloaded")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args()
    lines = []
    for split in (TRAIN, HELD_OUT):
        shutil.rmtree(given.out / split, ignore_errors=True)
        (given.out / split).mkdir(parents=True)
    for photo in PHOTOS:
        name = photo.file.split(".")[0]
        for number, tile in enumerate(cut(photo, given.packages), start=1):
            file = given.out / photo.split / f"{name}_{number}.jpg"
            tile.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
        lines.append(_origin(photo, name))
    head = (TEMPLATES / "backgrounds.md").read_text()
    (given.out / "README.md").write_text(head + "".join(lines))


def cut(photo: Photo, packages: Path) -> Iterator[Image.Image]:
    """The backgrounds of one photograph, ``SIZE`` pixels square."""
    content = read_member(photo.package, photo.file, packages)
    if photo.package is PACKAGES["pmndrs"]:
        panorama = _tone_mapped(_linear_pixels(content))
        for index in range(photo.tiles):
            yaw = 360.0 * index / photo.tiles + 20
            yield view_of(panorama, yaw, (DOWN, LEVEL)[index % 2])
        return
    with Image.open(io.BytesIO(content)) as image:
        picture = image.convert("RGB")
    for box in crops_of(*picture.size, photo.tiles):
        yield picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box)


def crops_of(width: int, height: int, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Squares along the longer side: the whole height once, then parts of it, which show detail."""
    side = min(width, height)
    for index in range(count):
        edge = side * (1.0 if index == 0 else 0.55)
        left = (width - edge) * index / max(count - 1, 1)
        top = (height - edge) * (0.5 + 0.5 * (index % 2)) * (index > 0)
        yield left, top, left + edge, top + edge


def view_of(panorama: np.ndarray, yaw: float, pitch: float) -> Image.Image:
    """What a camera sees in an equirectangular panorama, ``(height, width, 3)`` uint8."""
    height, width = panorama.shape[:2]
    reach = np.tan(np.radians(FIELD_OF_VIEW / 2))
    across, up = np.meshgrid(np.linspace(-reach, reach, SIZE), np.linspace(reach, -reach, SIZE))
    tilt = np.radians(pitch)
    forward = np.cos(tilt) - up * np.sin(tilt)
    rise = np.sin(tilt) + up * np.cos(tilt)
    longitude = np.arctan2(across, forward) + np.radians(yaw)
    latitude = np.arctan2(rise, np.hypot(across, forward))
    x = (longitude / (2 * np.pi) + 0.5) % 1.0 * width
    y = np.clip((0.5 - latitude / np.pi) * height, 0, height - 1)
    return Image.fromarray(_interpolated(panorama, x, y))


def _interpolated(pixels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = (left + 1) % pixels.shape[1], np.minimum(top + 1, pixels.shape[0] - 1)
    left = left % pixels.shape[1]
    across, down = (x - np.floor(x))[..., None], (y - top)[..., None]
    upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
    lower = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    return np.rint(upper * (1 - down) + lower * down).astype(np.uint8)


def _linear_pixels(script: bytes) -> np.ndarray:
    """The light of a panorama that a JavaScript module holds as base64 of OpenEXR."""
    import OpenEXR

    content = base64.b64decode(script.split(b"base64,")[1].split(b"'")[0])
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        file.write(content)
        file.flush()
        with OpenEXR.File(file.name) as picture:
            channels = picture.channels()
            apart = [channels[name].pixels for name in "RGB" if name in channels]
            pixels = np.stack(apart, axis=-1) if apart else channels["RGB"].pixels
            return np.asarray(pixels, np.float32)


def _tone_mapped(light: np.ndarray) -> np.ndarray:
    """Light as a camera would show it: exposed for the middle, bright parts rolled off."""
    light = np.nan_to_num(light, posinf=float(np.finfo(np.float16).max))  # the sun
    exposed = 0.35 * light / max(float(np.percentile(light.mean(axis=-1), 60)), 1e-4)
    shown = np.clip(exposed / (1 + 0.35 * exposed), 0, 1) ** (1 / 2.2)
    return (shown * 255).astype(np.uint8)


def read_member(package: Package, file: str, folder: Path) -> bytes:
    """One file of a package, which lies in the folder as it was downloaded."""
    archives = sorted(folder.glob(package.pattern))
    if len(archives) != 1:
        raise SystemExit(f"{folder} has {len(archives)} files {package.pattern}, one is needed")
    member = f"{package.folder}/{file}"
    if archives[0].suffix == ".whl":
        with zipfile.ZipFile(archives[0]) as wheel:
            return wheel.read(member)
    if archives[0].suffix == ".tgz":
        content = gzip.decompress(archives[0].read_bytes())
    else:
        command = ["dpkg-deb", "--fsys-tarfile", str(archives[0])]
        content = subprocess.run(command, capture_output=True, check=True).stdout
        member = f"./{member}"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        opened = archive.extractfile(member)
        if opened is None:
            raise SystemExit(f"{member} is not a file of {archives[0]}")
        return opened.read()


def _origin(photo: Photo, name: str) -> str:
    package = f"{photo.package.name}, `{photo.package.folder}/{photo.file}`"
    cells = f"`{photo.split}/{name}_*`", photo.tiles, photo.author, photo.licence, package
    return f"| {' | '.join(map(str, cells))} |\n"


if __name__ == "__main__":
    main()
