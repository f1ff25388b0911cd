"""A photograph that crashes the decoder costs one row."""

import io
import os
from pathlib import Path

import pytest
from faults.processes import (
    FEATURES,
    IMAGES,
    Run,
    copy_images,
    features,
    report,
    rows,
    wait_until,
)
from PIL import Image

pytestmark = pytest.mark.faults

MARKER = b"CRASHES-THE-DECODER"

CRASH = """
import io, os, signal
from PIL import Image, ImageFile

MARKER = {marker!r}
WHERE = os.environ.get("CRASH_WHERE")


def crash(file):
    if isinstance(file, io.BytesIO) and file.getvalue().endswith(MARKER):
        os.kill(os.getpid(), signal.SIGSEGV)


def crashing_open(file, *arguments, _open=Image.open, **options):
    crash(file)
    return _open(file, *arguments, **options)


def crashing_load(self, _load=ImageFile.ImageFile.load):
    crash(self.fp)
    return _load(self)


if WHERE == "header":
    Image.open = crashing_open
if WHERE == "pixels":
    ImageFile.ImageFile.load = crashing_load
"""
"""A ``sitecustomize`` that makes Pillow end the process as a fault in C would."""


@pytest.fixture(scope="module")
def crashing(tmp_path_factory) -> tuple[Path, Path]:
    """The photographs with one whose bytes end in the marker; and that one."""
    images = copy_images(tmp_path_factory.mktemp("crashing") / "images")
    victim = sorted((images / "Training" / "Corn").iterdir())[3]
    victim.write_bytes(victim.read_bytes() + MARKER)
    return images, victim


@pytest.fixture
def run_with_crash(runs, fresh, crashing, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CRASH.format(marker=MARKER))

    def run(where: str) -> Run:
        path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
        environment = {"PYTHONPATH": path.rstrip(os.pathsep), "CRASH_WHERE": where}
        stages = ("ingestion", "featurization")
        done: Run = runs.complete(fresh, *stages, images=crashing[0], environment=environment)
        return done

    return run


HURRY = """
from fruits_kedro.photos import isolation

isolation.MAX_SECONDS = 3.0
"""
"""A ``sitecustomize`` that gives decoders less time, so that the test needs little more."""


def without_end(side: int, scans: int) -> bytes:
    """A JPEG of a few kilobytes whose last scan comes again and again."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (90, 60, 30)).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * scans + b"\xff\xd9"


def test_a_decoder_without_end(runs, fresh, tmp_path, total):
    images = copy_images(tmp_path / "images")
    victim = sorted((images / "Training" / "Corn").iterdir())[3]
    victim.write_bytes(without_end(side=3_000, scans=20_000))
    assert victim.stat().st_size < 2_000_000
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HURRY)
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    environment = {"PYTHONPATH": path.rstrip(os.pathsep)}
    runs.complete(fresh, "ingestion", "featurization", images=images, environment=environment)
    accounts = report(fresh, "featurization")
    assert accounts["undecodable_files"] == [[str(victim), "decoder_crashed"]]
    assert (accounts["kept"], accounts["features"]) == (total, total - 1)


def assert_all_others_equal(storage: Path, reference: Path, victim: Path) -> None:
    relative = "/".join(victim.parts[-3:])
    paths = {row["sha256"]: row["path"] for row in rows(reference, IMAGES, "sha256", "path")}
    spared = {sha for sha, path in paths.items() if not path.endswith(relative)}
    expected = {sha: value for sha, value in features(reference).items() if sha in spared}
    found = {sha: value for sha, value in features(storage).items() if isinstance(value, bytes)}
    assert found == expected


def test_a_crash_at_the_header(run_with_crash, fresh, crashing, reference, total):
    run = run_with_crash("header")
    accounts = report(fresh, "ingestion")
    assert accounts["rejected_by_reason"] == {"decoder_crashed": 1}
    assert (accounts["listed"], accounts["kept"], accounts["rejected"]) == (total, total - 1, 1)
    [bad] = [row for row in rows(fresh, IMAGES, "path", "reason") if row["reason"]]
    assert bad == {"path": str(crashing[1]), "reason": "decoder_crashed"}
    assert_all_others_equal(fresh, reference, crashing[1])
    assert wait_until(lambda: not run.processes(), 30), run.processes()


def test_a_crash_at_the_pixels(run_with_crash, runs, fresh, crashing, reference, total):
    run = run_with_crash("pixels")
    accounts = report(fresh, "featurization")
    assert accounts["undecodable_by_reason"] == {"decoder_crashed": 1}
    assert accounts["undecodable_files"] == [[str(crashing[1]), "decoder_crashed"]]
    assert (accounts["kept"], accounts["features"]) == (total, total - 1)
    [bad] = [row for row in rows(fresh, FEATURES, "path", "reason") if row["reason"]]
    assert bad == {"path": str(crashing[1]), "reason": "decoder_crashed"}
    assert_all_others_equal(fresh, reference, crashing[1])
    assert wait_until(lambda: not run.processes(), 30), run.processes()
    run_with_crash("pixels")
    assert report(fresh, "featurization")["inferred"] == 0, "it is tried again in each run"
