"""The incremental runner leaves out what would come out the same, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from fruits_kedro import runner as runner_module
from fruits_kedro.datasets import JsonReportDataset
from fruits_kedro.hooks.session import FruitsSession
from fruits_kedro.runner import ALWAYS, RECORDS, IncrementalRunner


class Table(AbstractDataset[int, int]):
    """A dataset that is known by its snapshot."""

    def __init__(self, snapshot: str | None = None) -> None:
        self.snapshot = snapshot

    def load(self) -> int:
        return len(self.snapshot or "")

    def save(self, data: int) -> None:
        self.snapshot = f"snapshot of {data}"

    def snapshot_id(self) -> str | None:
        return self.snapshot

    def _describe(self) -> dict[str, Any]:
        return {}


class Job:
    """``source`` → double → ``doubled`` → add ``params:more`` → ``sum``, on JSON files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.parameters: dict[str, Any] = {"params:more": 1}
        self.datasets: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.write("source", 20)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def write(self, name: str, value: Any) -> None:
        self.path(name).write_text(json.dumps(value))

    def read(self, name: str) -> Any:
        return json.loads(self.path(name).read_text())

    def run(self, fail: str = "") -> list[str]:
        """Names of the nodes that ran, in a process that knows nothing of earlier runs."""
        self.ran.clear()
        IncrementalRunner().run(self._pipeline(fail), self._catalog())
        return list(self.ran)

    def _catalog(self) -> DataCatalog:
        files = {
            name: JsonReportDataset(filepath=str(self.path(name)))
            for name in ("source", "doubled", "sum", RECORDS)
        }
        parameters = {name: MemoryDataset(value) for name, value in self.parameters.items()}
        return DataCatalog(files | parameters | self.datasets)

    def _pipeline(self, fail: str) -> Pipeline:
        def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def run(*values: Any) -> Any:
                self.ran.append(name)
                if name == fail:
                    raise RuntimeError(name)
                return function(*values)

            return run

        double = noted("double", lambda source: 2 * source)
        add = noted("add", lambda doubled, more: doubled + more)
        return Pipeline(
            [
                node(double, "source", "doubled", name="double", tags=self.tags.get("double")),
                node(add, ["doubled", "params:more"], "sum", name="add"),
            ]
        )


@pytest.fixture
def job(tmp_path) -> Job:
    return Job(tmp_path)


@pytest.fixture
def again(job) -> Job:
    """A job that ran before."""
    assert job.run() == ["double", "add"]
    assert job.read("sum") == 41
    return job


def test_a_first_run_runs_every_node(job):
    assert job.run() == ["double", "add"]
    assert job.read("sum") == 41


def test_nothing_runs_where_nothing_changed(again):
    assert again.run() == []
    assert again.read("sum") == 41


def test_what_was_left_out_is_left_out_the_next_time_too(again):
    again.run()
    assert again.run() == []


def test_a_changed_input_runs_what_comes_from_it(again):
    again.write("source", 200)
    assert again.run() == ["double", "add"]
    assert again.read("sum") == 401


def test_a_node_that_gives_the_same_as_before_ends_the_chain(again):
    """The file is written anew with another time, and its result is the same."""
    again.path("source").unlink()
    again.write("source", 20)
    assert again.run() == ["double"]
    assert again.run() == []


def test_a_changed_parameter_runs_the_nodes_that_take_it(again):
    again.parameters["params:more"] = 2
    assert again.run() == ["add"]
    assert again.read("sum") == 42


def test_a_parameter_changed_back_runs_again(again):
    again.parameters["params:more"] = 2
    again.run()
    again.parameters["params:more"] = 1
    assert again.run() == ["add"]
    assert again.read("sum") == 41


def test_a_number_is_not_its_text(again):
    """1 and "1" are different parameters."""
    again.parameters["params:more"] = True
    assert again.run() == ["add"]


@pytest.mark.parametrize(("name", "node_name"), [("doubled", "double"), ("sum", "add")])
def test_a_deleted_output_is_made_again(again, name, node_name):
    again.path(name).unlink()
    assert again.run()[0] == node_name
    assert (again.read("doubled"), again.read("sum")) == (40, 41)


def test_an_altered_output_is_made_again(again):
    again.write("sum", 99)
    assert again.run() == ["add"]
    assert again.read("sum") == 41


def test_an_altered_intermediate_result_is_made_again_and_nothing_comes_from_it(again):
    again.write("doubled", 99)
    assert again.run()[0] == "double"
    assert (again.read("doubled"), again.read("sum")) == (40, 41)


def test_changed_code_runs_everything(again, monkeypatch):
    monkeypatch.setattr(runner_module, "_code", lambda: "other sources")
    assert again.run() == ["double", "add"]


def test_the_sources_decide_the_digest_of_the_code(monkeypatch, tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("a.py", "inner/b.py", "notes.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(runner_module, "files", lambda _: tmp_path)
    digest = runner_module._code.__wrapped__
    before = digest()
    (tmp_path / "notes.txt").write_text("changed")
    assert digest() == before
    (tmp_path / "inner" / "b.py").write_text("changed")
    assert digest() != before


def test_refresh_forgets_every_record(again):
    again.parameters["params:refresh"] = True
    assert again.run() == ["double", "add"]
    again.parameters["params:refresh"] = False
    assert again.run() == []


def test_lost_records_run_everything(again):
    again.path(RECORDS).unlink()
    assert again.run() == ["double", "add"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"double": 1}', '{"double": {}}'])
def test_damaged_records_run_everything(again, text):
    """They save time and hold nothing else, so no run should stop because of them."""
    again.path(RECORDS).write_text(text)
    assert "double" in again.run()
    assert again.read("sum") == 41


def test_a_run_that_fails_keeps_what_it_finished(job):
    with pytest.raises(RuntimeError, match="add"):
        job.run(fail="add")
    assert job.run() == ["add"]


def test_a_node_that_fails_is_not_taken_for_done(again):
    again.parameters["params:more"] = 2
    with pytest.raises(RuntimeError, match="add"):
        again.run(fail="add")
    assert again.run() == ["add"]
    assert again.read("sum") == 42


@pytest.mark.parametrize(("name", "node_name"), [("source", "double"), ("sum", "add")])
def test_what_comes_from_or_ends_in_memory_is_always_made(job, name, node_name):
    """Its value is gone with the process, and nobody knows what it was."""
    for run in range(3):
        job.datasets[name] = MemoryDataset(20)
        assert node_name in job.run(), f"run {run}"


@pytest.fixture
def passing(job) -> Job:
    """A job whose middle result is only in memory, that ran before."""
    job.datasets["doubled"] = MemoryDataset()
    assert job.run() == ["double", "add"]
    job.datasets["doubled"] = MemoryDataset()
    return job


def test_what_passes_through_memory_is_known_by_what_it_comes_from(passing):
    assert passing.run() == []
    assert passing.read("sum") == 41


def test_what_passes_through_memory_is_made_where_somebody_takes_it(passing):
    passing.parameters["params:more"] = 2
    assert passing.run() == ["double", "add"]
    assert passing.read("sum") == 42


def test_a_change_goes_through_memory(passing):
    passing.write("source", 200)
    assert passing.run() == ["double", "add"]
    assert passing.read("sum") == 401


def test_a_node_with_the_tag_always_runs_and_what_comes_from_it(passing):
    passing.tags["double"] = ALWAYS
    assert passing.run() == ["double", "add"]
    passing.datasets["doubled"] = MemoryDataset()
    assert passing.run() == ["double", "add"]


def test_a_new_snapshot_of_an_input_is_a_change(job):
    job.datasets["source"] = Table("first")
    assert job.run() == ["double", "add"]
    assert job.run() == []
    job.datasets["source"].snapshot = "a second one"
    assert job.run() == ["double", "add"]


def test_another_snapshot_of_an_output_is_made_again(job):
    job.datasets["sum"] = Table()
    assert job.run() == ["double", "add"]
    assert job.run() == []
    job.datasets["sum"].snapshot = "of somebody else"
    assert job.run() == ["add"]
    job.datasets["sum"].snapshot = None
    assert job.run() == ["add"]


def test_kedro_s_default_runner_is_replaced_and_others_stay(monkeypatch):
    class Other(SequentialRunner):
        pass

    taken: list[type] = []
    monkeypatch.setattr(
        "kedro.framework.session.KedroSession.run",
        lambda self, **arguments: taken.append(type(arguments["runner"])),
    )
    session = FruitsSession.__new__(FruitsSession)
    session.run()
    session.run(runner=SequentialRunner())
    session.run(runner=Other())
    assert taken == [IncrementalRunner, IncrementalRunner, Other]
