"""A photograph that crashes the decoder, or keeps it busy for ever, costs one row."""

import io
import shutil
from pathlib import Path

import pytest
from faults.processes import with_site
from faults.storages import IMAGES, effort, of_photographs, report, rows
from PIL import Image

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("processes")]

AT_HEADER, AT_PIXELS = b"CRASHES-AT-THE-HEADER", b"CRASHES-AT-THE-PIXELS"

CRASH = f"""
import io, os, signal
from PIL import Image, ImageFile
from fruits_kedro.photos import isolation

isolation.MAX_SECONDS = 3.0  # less time for decoders, so that the test needs little more


def crash(file, mark):
    if isinstance(file, io.BytesIO) and file.getvalue().endswith(mark):
        os.kill(os.getpid(), signal.SIGSEGV)


def crashing_open(file, *arguments, _open=Image.open, **options):
    crash(file, {AT_HEADER!r})
    return _open(file, *arguments, **options)


def crashing_load(self, _load=ImageFile.ImageFile.load):
    crash(self.fp, {AT_PIXELS!r})
    return _load(self)


Image.open = crashing_open
ImageFile.ImageFile.load = crashing_load
"""
"""A ``sitecustomize`` that makes Pillow end the process as a fault in C would."""


def without_end(side: int, scans: int) -> bytes:
    """A JPEG of a few kilobytes whose last scan comes again and again."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (90, 60, 30)).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * scans + b"\xff\xd9"


def by_place(storage: Path) -> dict[tuple[str, ...], bytes | str]:
    """The features of photographs by label folder and name."""
    known = {row["sha256"]: row["path"] for row in rows(storage, IMAGES, "sha256", "path")}
    return {Path(known[sha]).parts[-3:]: value for sha, value in of_photographs(storage).items()}


def test_each_costs_one_photograph(runs, here, fresh, images, reference, total, tmp_path):
    folder = Path(shutil.copytree(images, tmp_path / "images"))
    header, pixels, endless = sorted((folder / "Training" / "Corn").iterdir())[:3]
    header.write_bytes(header.read_bytes() + AT_HEADER)
    pixels.write_bytes(pixels.read_bytes() + AT_PIXELS)
    endless.write_bytes(without_end(side=3_000, scans=20_000))
    environment = with_site(tmp_path / "site", CRASH)
    stages = ("ingestion", "featurization")
    run = runs.complete(fresh, *stages, images=folder, environment=environment)

    listed, featurized = report(fresh, "ingestion"), report(fresh, "featurization")
    assert listed["rejected_by_reason"] == {"decoder_crashed": 1}
    assert (listed["listed"], listed["kept"]) == (total, total - 1)
    [bad] = [row for row in rows(fresh, IMAGES, "path", "reason") if row["reason"]]
    assert bad == {"path": str(header), "reason": "decoder_crashed"}
    crashed = [[str(path), "decoder_crashed"] for path in (pixels, endless)]
    assert featurized["undecodable_files"] == crashed
    assert (featurized["kept"], featurized["features"]) == (total - 1, total - 3)
    victims = {path.parts[-3:] for path in (header, pixels, endless)}
    found, expected = by_place(fresh), by_place(reference)
    assert {place for place in expected if found.get(place) != expected[place]} == victims
    run.wait_for_nothing()

    here(fresh, *stages, images=folder)
    assert effort(fresh)[1:] == (0, 0), "they are tried again in each run"
