"""The incremental runner skips what would come out the same, and nothing else."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from fruits_kedro import FruitsError
from fruits_kedro import runner as runner_module
from fruits_kedro.datasets import JsonReportDataset, OwnImagesDataset
from fruits_kedro.runner import ALWAYS, RECORDS, IncrementalRunner, identity


class Job:
    """``source`` → double → ``doubled`` → add ``params:more`` → ``sum``, on JSON files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.parameters: dict[str, Any] = {"params:more": 1}
        self.datasets: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.scale: Callable[[Any], Any] = lambda source: source
        self.write("source", 20)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def write(self, name: str, content: Any) -> None:
        """Text as it is, other values as JSON."""
        self.path(name).write_text(content if isinstance(content, str) else json.dumps(content))

    def read(self, name: str) -> Any:
        return json.loads(self.path(name).read_text())

    def run(self, fail: str = "") -> list[str]:
        """Names of the nodes that ran, in a process that knows nothing of earlier runs."""
        self.ran.clear()
        IncrementalRunner().run(self.pipeline(fail), self.catalog())
        return list(self.ran)

    def catalog(self) -> DataCatalog:
        files = {
            name: JsonReportDataset(filepath=str(self.path(name)))
            for name in ("source", "doubled", "sum", RECORDS)
        }
        parameters = {name: MemoryDataset(value) for name, value in self.parameters.items()}
        return DataCatalog(files | parameters | self.datasets)

    def pipeline(self, fail: str = "") -> Pipeline:
        def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def run(*values: Any) -> Any:
                self.ran.append(name)
                if name == fail:
                    raise RuntimeError(name)
                return function(*values)

            return run

        double = noted("double", lambda source: 2 * self.scale(source))
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


CHANGES: dict[str, tuple[Callable[[Job], object], list[str], int]] = {
    "nothing": (lambda job: None, [], 41),
    "an input": (lambda job: job.write("source", 200), ["double", "add"], 401),
    "an input that has the same content": (lambda job: job.write("source", 20), [], 41),
    "an input that gives the same": (lambda job: job.write("source", "20 "), ["double"], 41),
    "a parameter": (lambda job: job.parameters.update({"params:more": 2}), ["add"], 42),
    "a number to true": (lambda job: job.parameters.update({"params:more": True}), ["add"], 41),
    "a deleted intermediate result": (lambda job: job.path("doubled").unlink(), ["double"], 41),
    "a deleted result": (lambda job: job.path("sum").unlink(), ["add"], 41),
    "an altered intermediate result": (lambda job: job.write("doubled", 99), ["double"], 41),
    "an altered result": (lambda job: job.write("sum", 99), ["add"], 41),
    "lost records": (lambda job: job.path(RECORDS).unlink(), ["double", "add"], 41),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_what_would_come_out_differently_and_is_then_known(again, change):
    make, ran, total = CHANGES[change]
    make(again)
    assert again.run() == ran
    assert again.read("doubled") == total - again.parameters["params:more"]
    assert again.read("sum") == total
    assert again.run() == again.run() == []


def test_a_parameter_changed_back_runs_again(again):
    for value in (2, 1):
        again.parameters["params:more"] = value
        assert again.run() == ["add"]
        assert again.read("sum") == 40 + value


@pytest.mark.parametrize("name", ["_code_of", "_libraries"])
def test_other_code_or_libraries_run_everything(again, monkeypatch, name):
    monkeypatch.setattr(runner_module, name, lambda *_: "another digest")
    assert again.run() == ["double", "add"]


FILES = {
    "hooks/telling.py": "",
    "model/reducer.py": "",
    "model/notes.css": "",
    "pipelines/reporting/page.css": "",
    "pipelines/reporting/nodes.py": "from fruits_kedro.pipelines.plot_text import as_text",
    "pipelines/evaluation/nodes.py": "from fruits_kedro.pipelines import reduction, plot_text",
    "pipelines/reduction/nodes.py": "",
    "pipelines/plot_text.py": "",
}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("hooks/telling.py", set()),
        ("model/reducer.py", {"reporting", "evaluation", "reduction"}),
        ("model/notes.css", set()),
        ("pipelines/reporting/page.css", {"reporting"}),
        ("pipelines/reporting/nodes.py", {"reporting"}),
        ("pipelines/reduction/nodes.py", {"evaluation", "reduction"}),
        ("pipelines/plot_text.py", {"reporting", "evaluation"}),
    ],
)
def test_a_changed_file_counts_for_the_pipelines_that_can_depend_on_it(
    monkeypatch, tmp_path, name, changed
):
    for file, text in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    for package in runner_module._SHARED:
        (tmp_path / package).mkdir(exist_ok=True)
    monkeypatch.setattr(runner_module, "files", lambda _: tmp_path)
    pipelines = ("reporting", "evaluation", "reduction")
    digest = runner_module.code_digest.__wrapped__
    before = {pipeline: digest(pipeline) for pipeline in pipelines}
    (tmp_path / name).write_text(FILES[name] + "\n# changed")
    assert {pipeline for pipeline in pipelines if digest(pipeline) != before[pipeline]} == changed


def test_code_in_a_zip_file_as_on_a_cluster_has_the_digest_of_its_files(monkeypatch, tmp_path):
    archive = tmp_path / "fruits_kedro.zip"
    for name, text in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(text)
        with zipfile.ZipFile(archive, "a") as code:
            code.writestr(name, text)
    digests = []
    for root in (tmp_path / "folder", zipfile.Path(archive)):
        monkeypatch.setattr(runner_module, "files", lambda _, root=root: root)
        digest = runner_module.code_digest.__wrapped__
        digests.append([digest("reporting"), digest("evaluation")])
    assert digests[0] == digests[1]
    assert len(set(digests[1])) == 2


def test_a_node_depends_on_the_folder_of_its_pipeline(monkeypatch):
    from fruits_kedro.pipelines.reduction import nodes

    monkeypatch.setattr(runner_module, "code_digest", str)
    functions = (nodes.plot_scree, partial(nodes.plot_scree, {}), json.dumps)
    digests = [runner_module._code_of(SimpleNamespace(func=function)) for function in functions]
    assert digests == ["reduction", "reduction", "None"]


def test_refresh_forgets_every_record(again):
    again.parameters["params:refresh"] = True
    assert again.run() == ["double", "add"]
    again.parameters["params:refresh"] = False
    assert again.run() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"double": 1}', '{"double": {}}'])
def test_damaged_records_run_everything(again, text):
    """They save time and hold nothing else, so no run should stop because of them."""
    again.write(RECORDS, text)
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


@pytest.mark.parametrize(("value", "ran"), [(20, []), (object(), ["double"])])
def test_a_value_that_is_given_in_memory_is_compared_if_it_can_be(job, value, ran):
    job.scale = lambda source: 20
    for _ in range(2):
        job.datasets["source"] = MemoryDataset(value, copy_mode="assign")
        last = job.run()
    assert last == ran


def test_what_may_be_missing_or_differs_after_every_run_has_an_identity(tmp_path):
    path = str(tmp_path / "x.json")
    kinds = ({}, {"missing_ok": True}, {"volatile": True})
    reports = [JsonReportDataset(filepath=path, **kind) for kind in kinds]
    assert [identity(report) for report in reports] == [None, "missing", "volatile"]
    reports[0].save({"seconds": 3})
    first, second, volatile = map(identity, reports)
    assert first == second != "missing"
    assert volatile == "volatile"
    assert identity(OwnImagesDataset()) == "", "no own photographs are known by that"


def test_what_ends_in_memory_is_always_made(job):
    for run in range(3):
        job.datasets["sum"] = MemoryDataset()
        assert "add" in job.run(), f"run {run}"


@pytest.fixture
def passing(job) -> Job:
    """A job whose middle result is only in memory, that ran before."""
    job.datasets["doubled"] = MemoryDataset()
    assert job.run() == ["double", "add"]
    job.datasets["doubled"] = MemoryDataset()
    return job


@pytest.mark.parametrize("change", ["nothing", "a parameter", "an input"])
def test_what_passes_through_memory_is_made_where_a_node_that_takes_it_runs(passing, change):
    make, ran, total = CHANGES[change]
    make(passing)
    assert passing.run() == (["double", "add"] if ran else [])
    assert passing.read("sum") == total


def test_a_node_with_the_tag_always_runs_and_what_comes_from_it(passing):
    passing.tags["double"] = ALWAYS
    assert passing.run() == ["double", "add"]
    passing.datasets["doubled"] = MemoryDataset()
    assert passing.run() == ["double", "add"]


def test_a_value_in_memory_is_freed_after_its_last_reader(job):
    job.datasets["doubled"] = MemoryDataset()
    job.run()
    assert not job.datasets["doubled"].exists()
    assert job.read("sum") == 41


def test_a_partial_run_makes_what_it_needs_in_memory(job, monkeypatch):
    job.datasets["doubled"] = MemoryDataset()
    whole = job.pipeline()
    monkeypatch.setattr(runner_module, "registered", {"__default__": whole})
    IncrementalRunner().run(whole.only_nodes("add"), job.catalog())
    assert job.ran == ["double", "add"]
    assert job.read("sum") == 41


def test_a_partial_run_that_nobody_can_complete_is_refused(job, monkeypatch):
    job.datasets["doubled"] = MemoryDataset()
    monkeypatch.setattr(runner_module, "registered", {})
    with pytest.raises(FruitsError, match=r"doubled.*--pipelines"):
        IncrementalRunner().run(job.pipeline().only_nodes("add"), job.catalog())
    assert job.ran == []


def test_kedro_s_advice_for_a_failed_run_is_replaced(job, caplog):
    """Its ``--from-nodes`` would name nodes whose inputs are gone; private, see runner.py."""
    with pytest.raises(RuntimeError):
        job.run(fail="add")
    assert "--from-nodes" not in caplog.text
    assert "same command" in caplog.text
