"""Full, read-only and damaged storage: one sentence, and the next run completes."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults.storages import (
    FEATURES,
    IMAGES,
    MODELS,
    REDUCED,
    REPLACED,
    assert_readers_agree,
    assert_same_results,
    committed,
    features,
    leftovers,
    manifest_of,
    of_photographs,
)

from fruits_kedro import FruitsError
from fruits_kedro.datasets import ReducerDataset

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("here")]


@pytest.fixture
def refusal(here) -> Callable[..., str]:
    """The sentence with which a run fails."""

    def run(*arguments: Any, **options: Any) -> str:
        with pytest.raises(FruitsError) as error:
            here.run(*arguments, **options)
        assert "\n" not in error.value.message
        return error.value.message

    return run


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


def leave_free(disk: Path, kilobytes: int) -> Path:
    """Fill the disk but for so much."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - kilobytes * 1024))
    return ballast


def test_a_full_disk(here, refusal, disk, reference):
    storage = disk / "storage"
    ballast = leave_free(disk, 100)
    assert "disk is full" in refusal(storage, "ingestion")
    ballast.unlink()
    here.run(storage, "ingestion", "featurization")
    assert features(storage) == features(reference)
    assert leftovers(storage) == []


def test_a_disk_that_fills_up_keeps_what_was_committed(
    here, refusal, disk, ingested, reference, total
):
    storage = shutil.copytree(ingested, disk / "storage")
    [network] = committed(reference, "06_models/backbone")
    ballast = leave_free(disk, network.stat().st_size // 1024 + 250)
    assert "disk is full" in refusal(storage, "featurization")
    present = len(of_photographs(storage))
    assert 0 < present < total
    ballast.unlink()
    here.run(storage, "featurization")
    assert any(str(total - present) in line for line in here.lines)
    assert features(storage) == features(reference)
    assert leftovers(storage) == []


def test_a_read_only_storage(refusal, disk, ingested):
    storage = shutil.copytree(ingested, disk / "storage")
    mount(disk, "-o", "remount,ro")
    assert "--params=storage=" in refusal(storage, "featurization")


def test_a_read_only_folder_of_the_storage(refusal, disk, ingested):
    """A disk can become read-only after the lock was taken."""
    (disk / "features").mkdir()
    mount(disk, "-o", "remount,ro")
    (ingested / FEATURES).parent.mkdir(exist_ok=True)
    (ingested / FEATURES).symlink_to(disk / "features")
    assert "read-only" in refusal(ingested, "featurization")


# --- left-overs of saves that died ---------------------------------------------------------------


def test_half_written_files_are_never_read_and_removed_by_the_next_run(here, done, reference):
    """Also where the next run has nothing to add to the table."""
    orphans = []
    for name in (IMAGES, FEATURES, *REPLACED):
        orphans.append(done / name / "999999-00000-0123456789.parquet")
        orphans[-1].write_bytes(b"half of a ")
    orphans.append(done / "08_reporting" / f".{'0' * 32}.tmp")
    orphans[-1].write_bytes(b"half of a ")
    here.run(done)
    assert_same_results(done, reference)
    assert [path for path in orphans if path.exists()] == []
    assert leftovers(done) == []
    assert_readers_agree(done)


# --- damaged files -------------------------------------------------------------------------------


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def alter(file: Path) -> None:
    """Flip a bit in the middle: size and time may stay."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES = (Path.unlink, cut, alter)


@pytest.fixture
def new(images) -> Path:
    """Photographs to predict."""
    return images / "Test" / "Corn"


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [IMAGES, FEATURES])
def test_a_damaged_file_of_a_growing_table_is_named(refusal, done, name, damage):
    """Its rows cannot be made again without a decision of the user."""
    file = committed(done, name)[1]
    damage(file)
    assert str(file) in refusal(done)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_tables_and_models_are_made_again(here, refusal, done, reference, new, damage):
    for name in MODELS:
        [file] = committed(done, name)
        damage(file)
    assert "06_models/" in refusal(done, "inference", images=new)
    for name in REPLACED:
        damage(committed(done, name)[0])
    here.run(done)
    assert_same_results(done, reference)
    assert leftovers(done) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_phone_file_is_made_again_by_the_command_of_its_error(
    here, refusal, done, reference, new, damage
):
    file = done / "06_models" / "fruits.tflite"
    damage(file)
    message = refusal(done, "inference", images=new)
    assert str(file) in message
    assert "kedro run --pipelines=classification" in message
    here.run(done, "classification")
    assert file.read_bytes() == (reference / "06_models" / "fruits.tflite").read_bytes()


@pytest.mark.parametrize("content", [b"", b"{", b'{"files": [{"name": "/etc/passwd"}]}'])
def test_a_manifest_that_is_none_is_named(refusal, done, content):
    path = manifest_of(done, FEATURES)
    path.write_bytes(content)
    assert str(path) in refusal(done)
    assert all(file.exists() for file in (done / FEATURES).iterdir())


def test_a_lost_manifest_starts_over(here, done, reference):
    manifest_of(done, REDUCED).unlink()
    here.run(done)
    assert_same_results(done, reference)
    assert_readers_agree(done)


def test_a_reducer_of_another_run_is_refused_by_inference(refusal, done, new):
    """It is whole, and the classifier was not trained on its components."""
    dataset = ReducerDataset(filepath=str(done / "06_models" / "reducer"))
    reducer = dataset.load()
    dataset.save(replace(reducer, components=-reducer.components))
    message = refusal(done, "inference", images=new)
    assert "reducer" in message
