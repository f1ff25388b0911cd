"""A driver killed at many moments: the next run completes and does nothing twice."""

import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from faults.processes import Runner
from faults.storages import (
    IMAGES,
    assert_readers_agree,
    assert_same_results,
    committed,
    effort,
    leftovers,
    of_photographs,
    results,
    rows,
)

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills")]

Kill = Callable[[Runner, Path], object]


def at(event: str) -> Kill:
    """Kill right before an audit event."""
    return lambda runs, storage: runs.die_at(event, storage)


def said(pattern: str) -> Kill:
    """Kill when a line of the log is there."""

    def kill(runs: Runner, storage: Path) -> None:
        run = runs.start(storage)
        run.wait_for_line(pattern)
        os.kill(run.pid, signal.SIGKILL)
        run.wait_for_nothing()

    return kill


MOMENTS: dict[str, Kill] = {
    "after listing": said(r"Listed .* files"),
    "while a worker writes photographs": at("open /images/000001-00001-"),
    "after the first commit of photographs": at("open /images/000002-"),
    "after the last commit of photographs": at("os.rename .photographs.manifest.json"),
    "while a worker writes the first features": at("open /features/000001-0000"),
    "before the second commit of features": at("open /features/000002-0000"),
    "after the third commit of features": at("open /features/000004-0000"),
    "while fitting the reducer": said(r"\] fit_reducer_on_train"),
    "before the commit of reduced features": at("os.rename .reduced_features.manifest.json"),
    "before the commit of the classifier": at("os.rename .classifier.manifest.json"),
    "while a worker writes predictions": at("open /predictions/000001-"),
    "while measuring": said(r"\] measure_classifier"),
    "before the report": at("os.rename report.html"),
}


class Left(NamedTuple):
    """Photographs read and featurized before a kill, and files that no manifest names."""

    read: int
    featurized: int
    uncommitted: list[str]


@pytest.fixture(scope="module")
def killed(runs, tmp_path_factory) -> dict[str, Path]:
    """The storage after each kill. Each run resumes from what the kill before left."""
    folder = tmp_path_factory.mktemp("kills")
    storages = {}
    for number, (moment, kill) in enumerate(MOMENTS.items()):
        kill(runs, folder / "storage")
        storages[moment] = Path(shutil.copytree(folder / "storage", folder / str(number)))
    return storages


@pytest.fixture(scope="module")
def found() -> list[Left]:
    """Filled by the tests."""
    return []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_run_completes_and_repeats_nothing(killed, here, reference, total, found, moment):
    storage = killed[moment]
    read, featurized = len(rows(storage, IMAGES, "path")), len(of_photographs(storage))
    found.append(Left(read, featurized, leftovers(storage)))
    here.run(storage)
    read_again, inferred, _ = effort(storage)
    assert read + read_again == total
    assert featurized + inferred == total
    assert_same_results(storage, reference)
    assert_readers_agree(storage)
    assert leftovers(storage) == []


def test_the_kills_are_spread_over_the_run(found, total):
    """Else the test above could be about many kills before the first slice."""
    if len(found) < len(MOMENTS):
        pytest.skip("only some of the kills were selected")
    assert [kill.read for kill in found] == [0, 0, 10, *[total] * 10]
    assert [kill.featurized for kill in found] == [0, 0, 0, 0, 0, 10, 30, *[total] * 6]
    assert sum(bool(kill.uncommitted) for kill in found) >= 5


# --- tables that are replaced --------------------------------------------------------------------


CHANGED = {
    "before the commit": "os.rename .{table}.manifest.json",
    "before the old files go": "os.remove /{table}/000001-",
}


@pytest.fixture(scope="module")
def moved(here, reference, images, tmp_path_factory) -> tuple[Path, Path]:
    """Photographs of which some were removed, relabelled and added; and a run on them alone."""
    folder = tmp_path_factory.mktemp("moved")
    changed = shutil.copytree(images, folder / "images")
    sorted((changed / "Training" / "Apple").iterdir())[0].unlink()
    for path in sorted((changed / "Training" / "Kiwi").iterdir())[:2]:
        path.rename(changed / "Training" / "Corn" / f"moved_{path.name}")
    return changed, folder


@pytest.mark.parametrize("table", ["photographs", "reduced_features"])
@pytest.mark.parametrize("moment", CHANGED)
def test_a_replaced_table_is_the_old_one_or_the_new_one(runs, here, done, moved, moment, table):
    images, folder = moved
    [name] = [path.parent.name for path in done.glob(f"0*/{table}")]
    before = committed(done, f"{name}/{table}")
    runs.die_at(CHANGED[moment].format(table=table), done, images=images)
    after = committed(done, f"{name}/{table}")
    assert (after == before) == (moment == "before the commit")
    assert all(file.exists() for file in after)
    assert re.search(table, str(leftovers(done)))
    here.run(done, images=images)
    undisturbed = folder / "storage"
    if not undisturbed.exists():
        here.run(undisturbed, images=images)
    assert_readers_agree(done)
    assert leftovers(done) == []
    found, expected = results(done), results(undisturbed)
    assert found["features"].items() >= expected["features"].items()
    assert [k for k in expected if k != "features" and found.get(k) != expected[k]] == []
