"""Seconds per pipeline, the facts of a run, and its closing lines."""

import json

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from fruits_kedro.hooks.telling import ProgressHooks, TimingHooks, summary_lines


def run_timed(pipeline: Pipeline, catalog: DataCatalog) -> None:
    manager = _create_hook_manager()
    manager.register(TimingHooks())
    run = {"run_id": "now"}
    manager.hook.before_pipeline_run(run_params=run, pipeline=pipeline, catalog=catalog)
    result = SequentialRunner().run(pipeline, catalog, manager)
    manager.hook.after_pipeline_run(
        run_params=run, run_result=result, pipeline=pipeline, catalog=catalog
    )


def two_stages() -> Pipeline:
    return Pipeline(
        [
            node(lambda a: a + 1, "a", "b", name="first", tags="one"),
            node(lambda b: b + 1, "b", "c", name="second", tags="two"),
            node(lambda c: c + 1, "c", "d", name="third", tags="two"),
            node(lambda d: d + 1, "d", "e", name="untagged"),
        ]
    )


def test_seconds_are_counted_per_pipeline_and_node_and_add_up():
    """Without a place for them they are not saved."""
    run_timed(two_stages(), DataCatalog({"a": MemoryDataset(1)}))
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    run_timed(two_stages(), catalog)
    timings = catalog.load("timings")
    nodes = {name: list(stage["nodes"]) for name, stage in timings["pipelines"].items()}
    assert nodes == {"one": ["first"], "two": ["second", "third"], "other": ["untagged"]}
    total = sum(stage["seconds"] for stage in timings["pipelines"].values())
    assert timings["seconds"] == pytest.approx(total, abs=0.021)  # each is rounded to 0.01
    json.dumps(timings)


def test_a_save_counts_for_the_node_that_saves(monkeypatch):
    clock = iter([0.0, 1.0, 11.0, 11.0])  # started, node done, saved, ended
    monkeypatch.setattr("fruits_kedro.hooks.telling.time.perf_counter", lambda: next(clock))
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    run_timed(Pipeline([node(lambda a: a, "a", "b", name="only", tags="one")]), catalog)
    expected = {"run": "now", "seconds": 11.0, "nodes": {"only": 11.0}}
    assert catalog.load("timings") == {"seconds": 11.0, "pipelines": {"one": expected}}


def test_a_node_that_takes_the_times_has_those_until_then():
    catalog = DataCatalog({"a": MemoryDataset(1), "timings": MemoryDataset()})
    report = node(lambda b, timings: list(timings["pipelines"]), ["b", "timings"], "seen", tags="r")
    run_timed(Pipeline([node(lambda a: a, "a", "b", name="only", tags="one"), report]), catalog)
    assert catalog.load("seen") == ["one"]
    assert list(catalog.load("timings")["pipelines"]) == ["one", "r"]


def test_a_line_of_progress_ends_however_the_run_does():
    hooks = ProgressHooks()
    for end in (hooks.after_pipeline_run, hooks.on_pipeline_error):
        hooks.before_node_run(node(lambda: None, None, "out", name="compute_features"))
        end()
        assert not hooks._shown._exit_callbacks


def test_every_report_has_its_numbers_in_the_summary():
    reports = {
        "ingestion_report": {"kept": 790, "listed": 794, "read": 12},
        "featurization_report": {"inferred": 10},
        "metrics": {"accuracy": 0.93561, "rows": {"test": 264}},
        "evaluation": {"capture": {"mean": 0.88949}},
    }
    text = " ".join(summary_lines(reports))
    numbers = ("790", "794", "12", "10", "0.9356", "264", "0.8895")
    assert [number for number in numbers if number not in text] == []
    assert summary_lines({"evaluation": {"capture": {"left_out": "one group"}}}) == []
