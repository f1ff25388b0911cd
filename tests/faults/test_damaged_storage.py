"""Full, read-only and damaged storage: one sentence, and the next run goes on."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults.processes import (
    FEATURES,
    IMAGES,
    assert_same_features,
    assert_same_results,
    copy_storage,
    data_files,
    leftovers,
    parts,
    pointer,
)

from fruits_kedro.datasets import ReducerDataset

pytestmark = pytest.mark.faults


# --- a disk of its own ---------------------------------------------------------------------------


def mount(folder: Path, *words: str) -> None:
    done = subprocess.run(
        ["mount", *words, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        print(f"skipped: mount is not permitted here: {done.stderr}")  # noqa: T201
        pytest.skip(f"mount is not permitted here: {done.stderr.strip()}")


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
    free = shutil.disk_usage(disk).free
    with ballast.open("wb") as file:
        file.write(b"\0" * (free - kilobytes * 1024))
    return ballast


def test_a_full_disk(runs, disk, fresh, reference):
    storage = copy_storage(fresh, disk / "storage")
    ballast = leave_free(disk, 300)
    assert "disk is full" in runs.start(storage, "ingestion").sentence()
    ballast.unlink()
    runs.complete(storage, "ingestion", "featurization")
    assert_same_features(storage, reference)
    assert leftovers(storage) == []


def test_a_disk_that_fills_up_keeps_what_was_committed(runs, disk, ingested, reference, total):
    storage = copy_storage(ingested, disk / "storage")
    ballast = leave_free(disk, 400)
    assert "disk is full" in runs.start(storage, "featurization").sentence()
    present = pointer(storage, FEATURES)["rows"]
    assert 0 < present < total
    ballast.unlink()
    run = runs.complete(storage, "featurization")
    assert f"{total - present} of {total} photographs need features" in run.output
    assert_same_features(storage, reference)


def test_a_read_only_storage(runs, disk, ingested):
    storage = copy_storage(ingested, disk / "storage")
    mount(disk, "-o", "remount,ro")
    message = runs.start(storage, "featurization").sentence()
    assert "ead-only" in message
    assert "--params=storage=" in message


def test_a_read_only_folder_of_the_storage(runs, disk, ingested):
    """A disk can become read-only after the lock was taken."""
    (disk / "features").mkdir()
    mount(disk, "-o", "remount,ro")
    (ingested / FEATURES).parent.mkdir(exist_ok=True)
    (ingested / FEATURES).symlink_to(disk / "features")
    message = runs.start(ingested, "featurization").sentence()
    assert "read-only" in message


# --- half-written snapshots ----------------------------------------------------------------------


def leave_orphan(storage: Path, table: str, stamp: str, with_manifest: bool) -> Path:
    """What a run leaves that dies before the pointer is written."""
    [*_, newest] = parts(storage, table)
    orphan = newest.with_name(f"part-{stamp}")
    shutil.copytree(newest, orphan)
    next(orphan.glob("*.parquet")).write_bytes(b"half of a ")
    if with_manifest:
        manifest = pointer(storage, table)
        manifest["parts"].append({**manifest["parts"][-1], "name": orphan.name})
        path = storage / table / "_snapshots" / f"{stamp}.json"
        path.write_text(json.dumps({**manifest, "id": stamp}))
    return orphan


def test_half_written_snapshots_are_ignored_and_removed(runs, done, reference):
    """Also where the next run has nothing to add to the table."""
    tables = (IMAGES, FEATURES, "05_model_input/reduced_features", "07_model_output/predictions")
    orphans = [leave_orphan(done, table, "29990101T000000000000-abcdef", False) for table in tables]
    orphans += [leave_orphan(done, table, "29990102T000000000000-abcdef", True) for table in tables]
    runs.complete(done)
    assert_same_results(done, reference)
    assert [str(path.relative_to(done)) for path in orphans if path.exists()] == []
    assert leftovers(done) == []


# --- damaged files -------------------------------------------------------------------------------


def test_a_truncated_parquet_file_is_named(runs, done):
    file = data_files(done, FEATURES)[0]
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[: size // 2])
    message = runs.start(done).sentence()
    assert str(file) in message
    assert f"has {size // 2} bytes, and {size} were written" in message


def only_file(storage: Path, pattern: str) -> Path:
    [file] = storage.glob(f"06_models/{pattern}")
    return file


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


Damage = Callable[[Path, Path], Path]
"""Damages a model artefact of a storage and names what the sentence must name."""


def altered(pattern: str) -> Damage:
    def damage(storage: Path, tmp_path: Path) -> Path:
        file = only_file(storage, pattern)
        flip_a_byte(file)
        return file

    return damage


def swapped(storage: Path, tmp_path: Path) -> Path:
    """Somebody copied the backbone of another project over this one's."""
    file = only_file(storage, "backbone/part-*/backbone.tflite")
    file.write_bytes(b"TFL3" + bytes(1000))
    return file


DAMAGES: dict[str, Damage] = {
    "reducer altered": altered("reducer/part-*/reducer.npz"),
    "backbone altered": altered("backbone/part-*/backbone.tflite"),
    "backbone swapped": swapped,
    "classifier altered": altered("classifier/part-*/softmax.npz"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_named_by_inference(runs, done, tmp_path, images, damage):
    named = DAMAGES[damage](done, tmp_path)
    run = runs.start(done, "inference", images=images / "Test" / "Corn")
    assert str(named) in run.sentence()


def test_a_reducer_of_another_run_is_told_by_inference(runs, done, images):
    """It is whole, and the classifier was not trained on its components."""
    dataset = ReducerDataset(filepath=str(done / "06_models" / "reducer"))
    reducer = dataset.load()
    dataset.save(replace(reducer, components=-reducer.components))
    run = runs.start(done, "inference", images=images / "Test" / "Corn")
    assert "The classifier was trained on components of reducer" in run.sentence()
