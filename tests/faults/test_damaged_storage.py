"""Full, read-only and damaged storage: one sentence, and the next run completes."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from faults.storages import (
    FEATURES,
    IMAGES,
    MODELS,
    REPLACED,
    assert_same_results,
    assert_tidy,
    committed,
    effort,
    features,
    manifest_of,
    of_photographs,
)
from sentences import sentence_of

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("here")]


@pytest.fixture
def refusal(here) -> Callable[..., str]:
    """The sentence with which a run fails."""
    return lambda *words, **options: sentence_of(partial(here, *words, **options))


# --- a disk of its own ---------------------------------------------------------------------------


def mount(folder: Path, *words: str) -> None:
    if subprocess.run(["mount", *words, str(folder)], check=False).returncode:
        pytest.skip("mount is not permitted here")


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A folder that is a disk of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "size=64m", "tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_keeps_what_was_committed(
    here, refusal, disk, ingested, reference, total
):
    storage = Path(shutil.copytree(ingested, disk / "storage"))
    [network] = committed(reference, "06_models/backbone")
    free = network.stat().st_size + 250_000
    (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - free))
    assert "disk is full" in refusal(storage, "featurization")
    present = len(of_photographs(storage))
    assert 0 < present < total
    (disk / "ballast").unlink()
    here(storage, "featurization")
    assert effort(storage)[1] == total - present
    assert features(storage) == features(reference)
    assert_tidy(storage)


def test_a_disk_that_becomes_read_only_after_the_lock_was_taken(refusal, disk, ingested):
    (disk / "features").mkdir()
    mount(disk, "-o", "remount,ro")
    (ingested / FEATURES).parent.mkdir(exist_ok=True)
    (ingested / FEATURES).symlink_to(disk / "features")
    assert "read-only" in refusal(ingested, "featurization")


# --- damaged files -------------------------------------------------------------------------------


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def alter(file: Path) -> None:
    """Flip a bit in the middle: size and time may stay."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", [IMAGES, FEATURES])
def test_a_damaged_file_of_a_growing_table_is_named(refusal, done, name):
    """Its rows cannot be made again without a decision of the user."""
    file = committed(done, name)[1]
    alter(file)
    assert str(file) in refusal(done)


@pytest.mark.parametrize("damage", [Path.unlink, cut, alter])
def test_damaged_tables_and_models_are_made_again(here, refusal, done, reference, images, damage):
    for name in MODELS:
        [file] = committed(done, name)
        damage(file)
    assert "06_models/" in refusal(done, "inference", images=images / "Test" / "Corn")
    damage(done / "06_models" / "fruits.tflite")
    for name in REPLACED:
        damage(committed(done, name)[0])
    here(done)
    assert_same_results(done, reference)


@pytest.mark.parametrize("content", [b"", b"{", b'{"files": [{"name": "/etc/passwd"}]}'])
def test_a_manifest_that_is_none_is_named(refusal, done, content):
    path = manifest_of(done, FEATURES)
    path.write_bytes(content)
    assert str(path) in refusal(done)
    assert all(file.exists() for file in (done / FEATURES).iterdir())
