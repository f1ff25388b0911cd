"""Build the sample photographs in ``data/01_raw/sample`` from a Debian package.

The project needs real fruit photographs whose licence allows committing them. The Debian package
``tuxpaint-stamps-default`` has cut-out photographs of fruit and vegetables. This script renders
each from many sides and arranges the views like Fruits-360: ``<split>/<Label>/<frame>_100.jpg``
and, for the second capture group of a label, ``r_<frame>_100.jpg``.

The output depends on the package (held to its sha256), on ``templates/sample.csv``, this file and
Pillow's version.
"""

import argparse
import csv
import hashlib
import io
import math
import random
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageEnhance, ImageOps

PACKAGE = "tuxpaint-stamps-default"
VERSION = "2022.06.04-1"
DEB_SHA256 = "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34"
STAMPS_FOLDER = "usr/share/tuxpaint/stamps"
LICENCE_TEXT = Path("/usr/share/common-licenses/GPL-2")  # Debian's copy of the GPL, version 2
DEFAULT_OUT = Path(__file__).resolve().parents[1] / "data" / "01_raw" / "sample"

TEMPLATES = Path(__file__).with_name("templates")
TRAINING, TEST = "Training", "Test"
FIRST, SECOND = "", "r_"  # file name prefixes of the two capture groups of a label
SIZE = 100
WORK_SIZE = 400  # longest side in which a stamp is turned, well above SIZE
JPEG_QUALITY = 90
TRAINING_VIEWS, TEST_VIEWS = 16, 8
SCALE, SCALE_MIRRORED = (0.82, 0.98), (0.66, 0.80)  # share of the frame an item fills
BRIGHTNESS = (0.85, 1.15)


class Photo(NamedTuple):
    """One photograph of a label; without a split it is the only one and its views are shared."""

    stamp: str
    split: str | None = None
    group: str = FIRST


def read_labels() -> dict[str, tuple[Photo, ...]]:
    """The photographs of every label, from ``sample.csv``.

    The red and the green apple are one photograph in two colours, so they are on the same side.
    """
    labels: dict[str, tuple[Photo, ...]] = {}
    with (TEMPLATES / "sample.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            photo = Photo(row["stamp"], row["split"] or None, row["group"])
            labels[row["label"]] = (*labels.get(row["label"], ()), photo)
    return labels


LABELS = read_labels()


class View(NamedTuple):
    """One picture to render: which stamp, into which file, turned how far, mirrored or not."""

    stamp: str
    split: str
    group: str
    frame: int
    angle: float
    mirrored: bool = False

    @property
    def filename(self) -> str:
        """Name as in Fruits-360, which keeps the capture group and the frame."""
        return f"{self.group}{self.frame}_{SIZE}.jpg"


def angles(count: int, seed: str) -> list[float]:
    """Spread ``count`` rotations evenly, each a little off, so that no two ever meet."""
    rng, step = random.Random(seed), 360 / count
    start = rng.uniform(0, 360)
    return [(start + step * (i + rng.uniform(-0.2, 0.2))) % 360 for i in range(count)]


def plan_single(stamp: str) -> list[View]:
    """Share out the views of a label's only photograph.

    Turns alternate between the plain and the mirrored series, and Test takes one unbroken arc of
    them: it holds both groups, and no rotation seen there comes up in Training.
    """
    views = []
    for i, angle in enumerate(angles(TRAINING_VIEWS + TEST_VIEWS, stamp)):
        split = TRAINING if i < TRAINING_VIEWS else TEST
        mirrored = i % 2 == 1
        group = SECOND if mirrored else FIRST
        views.append(View(stamp, split, group, i // 2, angle, mirrored))
    return views


def plan_several(photos: tuple[Photo, ...]) -> list[View]:
    """Give each photograph all its views in one split, numbered on within its capture group."""
    frames = {FIRST: 0, SECOND: 0}
    views = []
    for photo in photos:
        if photo.split is None:
            raise ValueError(f"{photo.stamp}: one of several photographs needs a split")
        total = TRAINING_VIEWS if photo.split == TRAINING else TEST_VIEWS
        count = math.ceil(total / sum(other.split == photo.split for other in photos))
        for angle in angles(count, photo.stamp):
            views.append(View(photo.stamp, photo.split, photo.group, frames[photo.group], angle))
            frames[photo.group] += 1
    return views


def plan(photos: tuple[Photo, ...]) -> list[View]:
    """List every view of one label."""
    return plan_single(photos[0].stamp) if len(photos) == 1 else plan_several(photos)


def prepare(stamp: Image.Image) -> Image.Image:
    """Trim a stamp to what is visible and bring it to the size in which it is turned.

    Pillow resizes and rotates RGBA with premultiplied alpha, so hidden colours cannot bleed in.
    """
    rgba = stamp.convert("RGBA")
    box = rgba.getchannel("A").point(lambda a: 255 if a > 16 else 0).getbbox()
    if box is None:
        raise ValueError("the stamp is fully transparent")
    return ImageOps.contain(rgba.crop(box), (WORK_SIZE, WORK_SIZE), Image.Resampling.LANCZOS)


def render(item: Image.Image, view: View) -> Image.Image:
    """Render a prepared stamp as one view, on white."""
    rng = random.Random(f"{view.stamp}/{view.filename}")
    if view.mirrored:
        item = ImageOps.mirror(item)
    item = ImageEnhance.Brightness(item).enhance(rng.uniform(*BRIGHTNESS))
    side = round(SIZE * rng.uniform(*(SCALE_MIRRORED if view.mirrored else SCALE)))
    item = prepare(item.rotate(view.angle, Image.Resampling.BICUBIC, expand=True))
    item = ImageOps.contain(item, (side, side), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIZE, SIZE), "white")
    canvas.alpha_composite(item, ((SIZE - item.width) // 2, (SIZE - item.height) // 2))
    return canvas.convert("RGB")


def build_label(
    photos: tuple[Photo, ...], stamps: Mapping[str, Image.Image]
) -> Iterator[tuple[View, bytes]]:
    """Yield every view of a label with its JPEG bytes."""
    items = {photo.stamp: prepare(stamps[photo.stamp]) for photo in photos}
    for view in plan(photos):
        buffer = io.BytesIO()
        render(items[view.stamp], view).save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
        yield view, buffer.getvalue()


def write_tree(out: Path, stamps: Mapping[str, Image.Image]) -> int:
    """Write all labels below ``out``, in place of what was there; return the bytes written."""
    seen: set[bytes] = set()
    for split in (TRAINING, TEST):
        shutil.rmtree(out / split, ignore_errors=True)
    for label, photos in LABELS.items():
        for view, data in build_label(photos, stamps):
            path = out / view.split / label / view.filename
            if data in seen or path.exists():
                raise RuntimeError(f"{path} repeats another view")
            seen.add(data)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return sum(map(len, seen))


def table() -> str:
    """Return the Markdown table of labels, photographs and splits, from the plan itself."""
    rows = ["| Label | Photograph | Training | Test | File names |", "|---|---|---|---|---|"]
    for label, photos in LABELS.items():
        views = plan(photos)
        for photo in photos:
            mine = [view for view in views if view.stamp == photo.stamp]
            training = sum(view.split == TRAINING for view in mine)
            names = " and ".join(f"`{g}#_{SIZE}.jpg`" for g in sorted({v.group for v in mine}))
            test = len(mine) - training
            rows.append(f"| {label} | `{photo.stamp}.png` | {training} | {test} | {names} |")
    return "\n".join(rows) + "\n"


def readme() -> str:
    """Fill the table into the text that is in ``templates``."""
    text = (TEMPLATES / "sample.md").read_text("utf-8")
    facts = {"PACKAGE": PACKAGE, "VERSION": VERSION, "SHA256": DEB_SHA256, "TABLE": table()}
    for name, value in facts.items():
        text = text.replace(f"@{name}@", value)
    return text


def verify(deb: Path) -> None:
    """Stop unless the package is the one the sample was made from."""
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    if digest != DEB_SHA256:
        raise SystemExit(f"{deb}: sha256 is {digest}, expected {DEB_SHA256}")


def read_stamps(deb: Path) -> dict[str, Image.Image]:
    """Read the wanted stamps straight out of the package; nothing else is unpacked."""
    names = {photo.stamp for photos in LABELS.values() for photo in photos}
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    content = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {name: archive.extractfile(f"./{STAMPS_FOLDER}/{name}.png") for name in names}
        return {name: Image.open(io.BytesIO(f.read())) for name, f in files.items() if f}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deb", type=Path, help=f"{PACKAGE} {VERSION} (default: apt downloads it)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the sample")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.deb is None:
            subprocess.run(["apt-get", "download", f"{PACKAGE}={VERSION}"], cwd=folder, check=True)
        deb = args.deb or next(Path(folder).glob("*.deb"))
        verify(deb)
        stamps = read_stamps(deb)
    total = write_tree(args.out, stamps)
    (args.out / "README.md").write_text(readme(), encoding="utf-8")
    shutil.copyfile(LICENCE_TEXT, args.out / "COPYING")
    print(f"{len(LABELS)} labels, {total} bytes in {args.out}")


if __name__ == "__main__":
    main()
