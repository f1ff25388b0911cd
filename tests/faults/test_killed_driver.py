"""A driver killed at many moments: the next run completes and does nothing twice."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from faults.storages import (
    IMAGES,
    assert_same_results,
    assert_tidy,
    committed,
    effort,
    leftovers,
    of_photographs,
    results,
    rows,
)

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills")]

MOMENTS = {
    "after listing": "line Listed .* files",
    "while a worker writes photographs": "open /images/000001-00001-",
    "after the first commit of photographs": "open /images/000002-",
    "after the last commit of photographs": "os.rename .photographs.manifest.json",
    "while a worker writes the first features": "open /features/000001-0000",
    "before the second commit of features": "open /features/000002-0000",
    "after the third commit of features": "open /features/000004-0000",
    "while fitting the reducer": r"line \] fit_reducer_on_train",
    "before the commit of reduced features": "os.rename .reduced_features.manifest.json",
    "before the commit of the classifier": "os.rename .classifier.manifest.json",
    "while a worker writes predictions": "open /predictions/000001-",
    "while measuring": r"line \] measure_classifier",
    "before the report": "os.rename report.html",
}


class Killed(NamedTuple):
    """A storage after a kill, with the photographs that were read and featurized before."""

    storage: Path
    read: int
    featurized: int


@pytest.fixture(scope="module")
def killed(runs, tmp_path_factory) -> dict[str, Killed]:
    """By moment. Each run resumes from what the kill before left."""
    folder = tmp_path_factory.mktemp("kills")
    found, untidy = {}, 0
    for moment, event in MOMENTS.items():
        runs.die_at(event, folder / "storage")
        storage = Path(shutil.copytree(folder / "storage", folder / moment.replace(" ", "-")))
        read, featurized = len(rows(storage, IMAGES, "path")), len(of_photographs(storage))
        found[moment] = Killed(storage, read, featurized)
        untidy += bool(leftovers(storage))
    # Else the tests could be about many kills before the first slice.
    assert [kill.read for kill in found.values()] == [0, 0, 10, *[40] * 10]
    assert [kill.featurized for kill in found.values()] == [0, 0, 0, 0, 0, 10, 30, *[40] * 6]
    assert untidy >= 5
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_run_completes_and_repeats_nothing(killed, here, reference, total, moment):
    storage, read, featurized = killed[moment]
    here(storage)
    assert effort(storage)[:2] == (total - read, total - featurized)
    assert_same_results(storage, reference)


# --- tables that are replaced --------------------------------------------------------------------


CHANGED = {
    "before the commit": "os.rename .{table}.manifest.json",
    "before the old files go": "os.remove /{table}/000001-",
}


@pytest.fixture(scope="module")
def moved(here, images, tmp_path_factory) -> tuple[Path, Path]:
    """Photographs of which some were removed and relabelled; and a run on them alone."""
    folder = tmp_path_factory.mktemp("moved")
    changed = Path(shutil.copytree(images, folder / "images"))
    sorted((changed / "Training" / "Apple").iterdir())[0].unlink()
    for path in sorted((changed / "Training" / "Kiwi").iterdir())[:2]:
        path.rename(changed / "Training" / "Corn" / f"moved_{path.name}")
    here(folder / "storage", images=changed)
    return changed, folder / "storage"


@pytest.mark.parametrize(
    "table", ["02_intermediate/photographs", "05_model_input/reduced_features"]
)
@pytest.mark.parametrize("moment", CHANGED)
def test_a_replaced_table_is_the_old_one_or_the_new_one(runs, here, done, moved, moment, table):
    images, undisturbed = moved
    before = committed(done, table)
    runs.die_at(CHANGED[moment].format(table=Path(table).name), done, images=images)
    after = committed(done, table)
    assert (after == before) == (moment == "before the commit")
    assert all(file.exists() for file in after)
    assert table in str(leftovers(done))
    here(done, images=images)
    assert_tidy(done)
    found, expected = results(done), results(undisturbed)
    assert found.pop("features").items() >= expected.pop("features").items()
    assert [key for key, value in expected.items() if found.get(key) != value] == []
