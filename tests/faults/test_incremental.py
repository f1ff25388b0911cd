"""What did not change is not done again, and what belongs to another network never mixes in."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest
from faults.storages import (
    IMAGES,
    REDUCED,
    assert_readers_agree,
    assert_same_results,
    effort,
    features,
    leaves,
    of_photographs,
    report,
    rows,
)
from runs import SAMPLE, sample_names

import fruits_kedro.model.weights

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("here")]

SHIPPED = next(Path(fruits_kedro.model.weights.__file__).parent.glob("*.h5"))


def ran(lines: list[str]) -> list[str]:
    """Nodes that were not skipped."""
    return re.findall(r"\[\d+/\d+\] (\w+): (?!unchanged$)", "\n".join(lines), re.M)


def state(storage: Path) -> dict[Path, int]:
    """Every file that a run without changes must not write."""
    files = (path for path in storage.rglob("*") if path.is_file())
    return {p: p.stat().st_mtime_ns for p in files if p.name not in ("timings.json", ".run.lock")}


def test_an_unchanged_run_reads_and_infers_nothing(runs, here, done, reference):
    here.run(done)
    assert effort(done) == (0, 0, 0)
    for node in ("fit_reducer_on_train", "reduce_features", "train_on_train", "place_map_points"):
        assert node not in ran(here.lines)
    assert_same_results(done, reference)
    before = state(done)
    run = runs.complete(done)
    assert ran(run.output.splitlines()) == []
    assert "Spark" not in run.output
    assert state(done) == before
    run.wait_for_nothing()


def test_added_and_removed_photographs_and_gc(runs, here, fresh, tmp_path, images, total):
    folder = Path(shutil.copytree(images, tmp_path / "images"))
    stages = ("ingestion", "featurization")
    here.run(fresh, *stages, images=folder)
    added = sample_names("Training", "Mushroom")[:12]
    for name in added:
        source = SAMPLE / "Training" / "Mushroom" / name
        shutil.copyfile(source, folder / "Training" / "Corn" / f"new_{name}")
    removed = sorted((folder / "Training" / "Kiwi").iterdir())[:3]
    kept = {path: path.read_bytes() for path in removed}
    gone = {hashlib.sha256(content).hexdigest() for content in kept.values()}
    for path in removed:
        path.unlink()
    here.run(fresh, *stages, images=folder)
    assert effort(fresh) == (len(added), len(added), len(added))
    assert gone <= of_photographs(fresh).keys()

    check_gc(runs, fresh, gone, total + len(added))
    here.run(fresh, *stages, images=folder)
    assert effort(fresh) == (0, 0, 0)
    for path, content in kept.items():
        path.write_bytes(content)
    here.run(fresh, *stages, images=folder)
    assert effort(fresh) == (len(gone), len(gone), len(gone))


def check_gc(runs, storage: Path, gone: set[str], total: int) -> None:
    before = features(storage)
    run = runs.command("fruits", "gc", f"--params=storage={storage}")
    assert "--yes" in run.sentence(), "nobody was there to be asked"
    assert features(storage) == before
    run = runs.command("fruits", "gc", "--yes", f"--params=storage={storage}")
    assert run.end() == 0, run.output
    counts = re.findall(r"^(\w+): (\d+) rows .*?, (\d+) ", run.output, re.M)
    # All that went were train photographs, which have a copy each.
    assert ("images", str(len(gone)), str(total - len(gone))) in counts
    assert ("features", str(2 * len(gone)), str(len(before) - 2 * len(gone))) in counts
    assert features(storage) == {k: v for k, v in before.items() if k[0] not in gone}
    assert not gone & {row["sha256"] for row in rows(storage, IMAGES, "sha256")}
    assert_readers_agree(storage)


def test_gc_of_an_empty_storage_is_one_sentence(runs, tmp_path):
    message = runs.command("fruits", "gc", f"--params=storage={tmp_path}/new").sentence()
    assert f"{tmp_path}/new/" in message


def test_another_augmentation_makes_copies_anew_and_no_photograph(here, done, reference, total):
    copies = report(reference, "featurization")["inferred_copies"]
    stages = ("ingestion", "featurization")
    here.run(done, *stages, augmentation__light=0.1)
    assert effort(done) == (0, 0, copies)
    assert of_photographs(done) == of_photographs(reference)
    assert len(features(done)) == total + 2 * copies

    here.run(done, *stages)
    assert effort(done) == (0, 0, 0)
    first = {key[1] for key in features(reference)}
    assert features(done, first) == features(reference)


def other_weights(path: Path) -> Path:
    """The shipped weights with one array changed a little."""
    shutil.copyfile(SHIPPED, path)
    kernels: list[Any] = []
    with h5py.File(path, "r+") as file:
        file.visititems(lambda _, item: kernels.append(item))
        kernel = next(item for item in kernels if isinstance(item, h5py.Dataset) and item.ndim == 4)
        kernel[...] *= 1.25
    return path


def test_other_weights_recompute_and_going_back_reuses(
    runs, here, done, reference, tmp_path, total
):
    first = {key[1] for key in features(reference)}
    copies = report(reference, "featurization")["inferred_copies"]
    weights = other_weights(tmp_path / "other.weights.h5")
    # A process: TensorFlow, which converts them, would stay in this one.
    runs.complete(done, featurization__weights=weights)
    second = {key[1] for key in features(done)} - first
    assert effort(done) == (0, total, copies)
    assert report(done, "metrics")["fingerprint"] in second
    old, new = features(done, first), features(done, second)
    assert old == features(reference)
    assert len(new) == len(old)
    assert not set(old.values()) & set(new.values())

    here.run(done)
    assert effort(done) == (0, 0, 0)
    assert features(done, second) == new
    assert leaves(report(done, "metrics")) == leaves(report(reference, "metrics"))
    found, expected = (rows(storage, REDUCED, "components") for storage in (done, reference))
    assert found == expected
