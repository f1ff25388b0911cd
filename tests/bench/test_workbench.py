"""What is measured once, what fails, when to stop."""

import time

import pytest

from bench.processes import PartFailedError
from bench.records import Records
from bench.workbench import OutOfTimeError, Workbench


@pytest.fixture
def bench(tmp_path) -> Workbench:
    return Workbench(tmp_path / "images", tmp_path, Records(tmp_path / "results.jsonl"))


def fail() -> dict[str, float]:
    raise PartFailedError("no such thing")


def test_a_result_is_recorded_with_its_key(bench):
    measured = bench.measure("kedro", "int8", 2, lambda: {"seconds": 1.5})
    assert measured == bench.records.find("kedro", "int8", 2)
    assert measured["seconds"] == 1.5


def test_what_is_measured_is_not_measured_again(bench):
    bench.measure("kedro", "int8", 2, lambda: {"seconds": 1.5})
    assert bench.measure("kedro", "int8", 2, fail)["seconds"] == 1.5
    assert bench.failed == []


def test_a_failure_is_told_and_may_be_tried_again(bench, capsys):
    assert bench.measure("kedro", "int8", 2, fail) is None
    assert bench.failed == ["kedro, int8, round 2 failed: no such thing"]
    assert bench.failed[0] in capsys.readouterr().out
    assert bench.measure("kedro", "int8", 2, lambda: {"seconds": 2.0})["seconds"] == 2.0


def test_nothing_is_begun_after_the_time_is_over(bench):
    bench.measure("kedro", "", 1, lambda: {"seconds": 1.0})
    bench.until = time.monotonic() - 1
    assert bench.measure("kedro", "", 1, fail)["seconds"] == 1.0
    with pytest.raises(OutOfTimeError):
        bench.measure("kedro", "", 2, lambda: {"seconds": 1.0})


def test_a_scratch_folder_goes_at_the_end(bench):
    with bench.scratch("rounds", "1") as folder:
        folder.mkdir(parents=True)
    assert not folder.exists()


def test_a_scratch_folder_stays_where_something_failed(bench):
    with bench.scratch("rounds", "1") as folder:
        folder.mkdir(parents=True)
        bench.measure("kedro", "", 1, fail)
    assert folder.exists()


def test_a_scratch_folder_stays_where_the_time_is_over(bench):
    bench.until = time.monotonic() - 1
    with pytest.raises(OutOfTimeError), bench.scratch("rounds", "1") as folder:
        folder.mkdir(parents=True)
        bench.measure("kedro", "", 1, fail)
    assert folder.exists()


def test_a_fresh_folder_is_not_there(bench):
    (bench.work / "scale" / "storage").mkdir(parents=True)
    folder = bench.fresh("scale", "storage")
    assert not folder.exists()
    assert folder.parent.is_dir()


def test_logs_have_names_without_spaces(bench):
    assert bench.log("sizes", "96 int8", 1).name == "sizes-96-int8-round-1.log"
