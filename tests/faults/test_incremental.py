"""What did not change is not done again, and what belongs to another network never mixes in."""

import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest
from faults.processes import (
    FEATURES,
    IMAGES,
    Run,
    assert_same_results,
    copy_images,
    differences,
    features,
    pointer,
    reduced,
    report,
    rows,
)
from runs import SAMPLE, sample_names

import fruits_kedro.model.weights

pytestmark = pytest.mark.faults

SHIPPED = next(Path(fruits_kedro.model.weights.__file__).parent.glob("*.h5"))


def effort(storage: Path) -> tuple[int, int]:
    """Files read and photographs inferred by the last run."""
    return report(storage, "ingestion")["read"], report(storage, "featurization")["inferred"]


def ran(run: Run) -> list[str]:
    """Nodes that were not left out."""
    return re.findall(r"\[\d+/\d+\] (\w+): (?!unchanged$)", run.output, re.M)


def state(storage: Path) -> dict[str, Any]:
    """What of the storage must not change when nothing is written."""
    return {
        str(path.relative_to(storage)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in storage.rglob("*")
        if path.is_file() and path.name not in ("timings.json", ".run.lock")
    }


def test_a_rerun_on_unchanged_photographs_does_nothing_again(runs, fresh, reference):
    runs.complete(fresh)
    before = state(fresh)
    run = runs.complete(fresh)
    assert effort(fresh) == (0, 0)
    for node in ("fit_reducer_on_train", "reduce_photographs", "train_on_train", "plot_tsne_map"):
        assert node not in ran(run), run.output
    assert_same_results(fresh, reference)
    # The counts of a run that had nothing to do are all that is new.
    changed = {path for path in differences(state(fresh), before) if "_snapshots" not in path}
    assert changed <= {
        "08_reporting/ingestion.json",
        "08_reporting/featurization.json",
        "08_reporting/metrics.json",
        "08_reporting/report.html",
        ".node_records.json",
    }
    before = state(fresh)
    run = runs.complete(fresh)
    assert ran(run) == []
    assert "Spark" not in run.output
    assert "0 photographs were read, 0 went through the network in this run" in run.output
    assert differences(state(fresh), before) == []


def test_added_and_removed_photographs_and_gc(runs, tmp_path, fresh, total):
    images = copy_images(tmp_path / "images")
    runs.complete(fresh, "ingestion", "featurization", images=images)
    for name in sample_names("Training", "Mushroom")[:2]:
        shutil.copyfile(
            SAMPLE / "Training" / "Mushroom" / name, images / "Training" / "Corn" / f"new_{name}"
        )
    removed = sorted((images / "Training" / "Kiwi").iterdir())[:3]
    gone = {
        row["sha256"]
        for row in rows(fresh, IMAGES, "sha256", "path")
        if Path(row["path"]) in removed
    }
    for path in removed:
        path.unlink()
    runs.complete(fresh, "ingestion", "featurization", images=images)
    assert effort(fresh) == (2, 2)
    assert gone <= features(fresh).keys(), "a photograph that comes back is known"
    check_gc(runs, fresh, gone, total)
    runs.complete(fresh, "ingestion", "featurization", images=images)
    assert effort(fresh) == (0, 0)


def check_gc(runs, storage: Path, gone: set[str], total: int) -> None:
    before = features(storage)
    run = runs.command("fruits", "gc", f"--params=storage={storage}")
    assert run.end() == 0, run.output
    pattern = r"^(\w+): (\d+) rows removed, (\d+) kept, (-?[\d.]+) MB freed$"
    said = re.findall(pattern, run.output, re.M)
    counts = [(name, int(r), int(k)) for name, r, k, _ in said]
    assert counts[:2] == [
        ("images", len(gone), total - 1),
        ("features", len(gone), total - 1),
    ]
    # All that went were train photographs, which have a copy each.
    assert [count[:2] for count in counts[2:]] == [("augmented_features", len(gone))]
    assert features(storage) == {k: v for k, v in before.items() if k not in gone}
    assert not gone & {row["sha256"] for row in rows(storage, IMAGES, "sha256")}


def test_gc_of_an_empty_storage_is_told_in_one_sentence(runs, tmp_path):
    message = runs.command("fruits", "gc", f"--params=storage={tmp_path}/new").sentence()
    assert message.startswith(f"There is nothing at {tmp_path}/new/")


def other_weights(path: Path) -> Path:
    """The shipped weights with one array changed a little."""
    shutil.copyfile(SHIPPED, path)
    with h5py.File(path, "r+") as file:
        kernels: list[Any] = []
        file.visititems(lambda _, item: kernels.append(item) if is_kernel(item) else None)
        kernels[0][...] = kernels[0][...] * 1.25
    return path


def is_kernel(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and item.ndim == 4


def test_other_weights_recompute_and_going_back_reuses(runs, done, reference, tmp_path, total):
    first = report(reference, "featurization")["fingerprint"]
    weights = other_weights(tmp_path / "other.weights.h5")
    runs.complete(done, featurization__weights=weights)
    second = report(done, "featurization")["fingerprint"]
    assert second != first
    assert effort(done) == (0, total)
    assert report(done, "metrics")["fingerprint"] == second
    assert_apart(done, reference, first, second)

    run = runs.complete(done)
    assert "Converting" not in run.output
    assert effort(done) == (0, 0)
    assert pointer(done, FEATURES)["rows"] == 2 * total
    assert features(done, first) == features(reference)
    assert report(done, "metrics")["rows"] == report(reference, "metrics")["rows"]
    assert differences(reduced(done), reduced(reference)) == []


def assert_apart(storage: Path, reference: Path, first: str, second: str) -> None:
    """Both kinds of features are there, and the results come from the second alone."""
    old, new = features(storage, first), features(storage, second)
    assert old == features(reference)
    assert new.keys() == old.keys()
    assert not [sha for sha in new if new[sha] == old[sha]]
    found = reduced(storage)
    assert found.keys() == reduced(reference).keys(), "a photograph is there once"
    assert not [path for path, values in reduced(reference).items() if values == found[path]]


def test_refresh_starts_over(runs, done, reference, total):
    old = {part["name"] for table in (IMAGES, FEATURES) for part in pointer(done, table)["parts"]}
    runs.complete(done, refresh="true")
    assert effort(done) == (total, total)
    new = {part["name"] for table in (IMAGES, FEATURES) for part in pointer(done, table)["parts"]}
    assert not old & new
    assert_same_results(done, reference)
