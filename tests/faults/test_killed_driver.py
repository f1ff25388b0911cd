"""A driver killed at ten moments of a run: the next run completes and nothing is done twice."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from faults.processes import (
    FEATURES,
    IMAGES,
    PREDICTIONS,
    REDUCED,
    Run,
    assert_same_results,
    copy_storage,
    is_writing,
    leftovers,
    pointer,
    report,
)

pytestmark = pytest.mark.faults

Condition = Callable[[Run, Path], object]


def said(pattern: str) -> Condition:
    return lambda run, storage: re.search(pattern, run.output)


def writes(table: str) -> Condition:
    return lambda run, storage: is_writing(storage, table)


def new_part(table: str) -> Condition:
    return lambda run, storage: any((storage / table).glob("part-*"))


MOMENTS: dict[str, Condition] = {
    "after listing": said(r"Listed .* photographs"),
    "while reading photographs": writes(IMAGES),
    "after the last commit of images": said(r"Wrote images: .* of 128"),
    "in the first slice of features": writes(FEATURES),
    "after the second slice of features": said(r"Wrote features: 25 new rows of 50"),
    "while fitting the reducer": said(r"\] fit_reducer_on_train"),
    # Small tables are written by the driver in one go; their part is there before their commit.
    "while writing reduced features": new_part(REDUCED),
    "while writing the classifier": new_part("06_models/classifier"),
    "while writing predictions": new_part(PREDICTIONS),
    "while measuring": said(r"\] measure_classifier"),
}


@dataclass
class Kill:
    """One kill and the run after it."""

    moment: str
    present: int
    redone: int
    equal: bool
    left_over: list[str]
    read_before: int
    read_again: int


def kill_at(moment: str, runs, storage: Path) -> None:
    run = runs.start(storage)
    run.wait_for(lambda: MOMENTS[moment](run, storage), moment)
    run.kill()


def rerun(moment: str, runs, storage: Path, reference: Path) -> Kill:
    present, read = pointer(storage, FEATURES)["rows"], pointer(storage, IMAGES)["rows"]
    runs.complete(storage)
    try:
        assert_same_results(storage, reference)
        equal = True
    except AssertionError as error:
        print(f"{moment}: {error}")  # noqa: T201
        equal = False
    inferred = report(storage, "featurization")["inferred"]
    read_again = report(storage, "ingestion")["read"]
    return Kill(moment, present, inferred, equal, leftovers(storage), read, read_again)


@pytest.fixture(scope="module")
def kills(runs, reference, tmp_path_factory) -> dict[str, Kill]:
    """Each kill hits a run that goes on from the kill before; each is completed in a copy."""
    folder = tmp_path_factory.mktemp("kills")
    storage = copy_storage(reference, folder / "killed", "06_models/backbone")
    found = {}
    for number, moment in enumerate(MOMENTS):
        kill_at(moment, runs, storage)
        copy = copy_storage(storage, folder / f"completed_{number}")
        found[moment] = rerun(moment, runs, copy, reference)
    text = json.dumps([asdict(kill) for kill in found.values()], indent=1)
    (folder / "kills.json").write_text(text)
    print_table(found)
    return found


def print_table(kills: dict[str, Kill]) -> None:
    print(f"\n{'killed':36} {'features':>8} {'redone':>6} {'equal':>5}")  # noqa: T201
    for kill in kills.values():
        row = f"{kill.moment:36} {kill.present:8} {kill.redone:6} {kill.equal!s:>5}"
        print(row)  # noqa: T201


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_results_are_those_of_an_undisturbed_run(kills, moment):
    assert kills[moment].equal


@pytest.mark.parametrize("moment", MOMENTS)
def test_finished_slices_are_not_computed_again(kills, moment, total):
    assert kills[moment].present + kills[moment].redone == total


@pytest.mark.parametrize("moment", MOMENTS)
def test_photographs_that_were_committed_are_not_read_again(kills, moment, total):
    assert kills[moment].read_before + kills[moment].read_again == total


def test_the_kills_are_spread_over_the_run(kills, total):
    """Else the tests above could be about ten kills before the first slice."""
    present = [kill.present for kill in kills.values()]
    assert present == [0, 0, 0, 0, 50, *[total] * 5]
    assert kills["while reading photographs"].read_before < total


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_half_written_stays(kills, moment):
    assert kills[moment].left_over == []
