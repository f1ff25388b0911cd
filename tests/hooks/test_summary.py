"""The closing lines of a run."""

import logging

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from fruits_kedro.hooks.summary import SummaryHooks

REPORTS = {
    "ingestion_report": {"kept": 790, "listed": 794, "read": 12},
    "featurization_report": {"inferred": 10},
    "metrics": {"accuracy": 0.93561, "rows": {"test": 264, "train": 528}},
    "evaluation": {"capture": {"mean": 0.88949}},
    "report": "<html>",
}


def closing_lines(caplog: pytest.LogCaptureFixture, **reports: object) -> list[str]:
    caplog.set_level(logging.INFO, "fruits_kedro")
    outputs = [node(lambda: None, None, name, name=f"make_{name}") for name in reports]
    catalog = DataCatalog({name: MemoryDataset(report) for name, report in reports.items()})
    hooks = SummaryHooks()
    hooks.before_pipeline_run()
    hooks.after_pipeline_run(Pipeline(outputs), catalog)
    return [record.message for record in caplog.records]


def test_a_run_ends_with_seconds_counts_accuracy_and_where_to_look(caplog):
    assert closing_lines(caplog, **REPORTS) == [
        "Finished in 0 s",
        "790 photographs kept of 794 files",
        "12 photographs were read, 10 went through the network in this run",
        "Accuracy 0.9356 on 264 test photographs",
        "Accuracy 0.8895 on turns of a fruit that never trained",
        "Results are in , reports in its folder 08_reporting, the page to look at is report.html",
    ]


def test_a_run_of_one_stage_tells_what_it_made(caplog):
    lines = closing_lines(caplog, evaluation={"capture": {"left_out": "one group"}})
    assert lines == ["Finished in 0 s", "Results are in , reports in its folder 08_reporting"]
