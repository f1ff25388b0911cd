"""The table of steps and gains: its lines, and what each step runs."""

import json
from pathlib import Path

import pytest

from fruits_kedro.parameters.checks import known_names
from tools import measure_accuracy
from tools.measure_accuracy import STEPS, Step, measure, row_of

pytestmark = pytest.mark.tools

EVALUATION = {
    "folder": {"accuracy": 0.99841},
    "random": {"left_out": "one label"},
    "capture": {"mean": 0.9312, "folds": {"plain": {"accuracy": 0.9714}, "r": {"accuracy": 0.891}}},
    "cluttered": {"mean": 0.5},
}


def test_a_line_has_every_answer_or_a_dash():
    assert row_of("step", "int8", EVALUATION) == (
        "| step | int8 | 0.9984 | - | 0.9312 | plain 0.9714, r 0.8910 | 0.5000 |\n"
    )


def test_steps_name_parameters_that_there_are_and_end_with_the_defaults():
    names = set(known_names())
    assert all(set(step.parameters) <= names for step in STEPS)
    assert STEPS[-1].parameters == {}


def test_a_step_that_was_measured_is_not_measured_again(tmp_path, monkeypatch):
    ran = []

    def run(words):
        ran.append(words)
        (tmp_path / "08_reporting").mkdir(exist_ok=True)
        (tmp_path / "08_reporting" / "evaluation.json").write_text(json.dumps(EVALUATION))

    monkeypatch.setattr(measure_accuracy, "run", run)
    standard = {"reduction.scaling": "standard"}
    for parameters in (standard, standard, {"augmentation.copies": 0}, {"augmentation.light": 0}):
        step = Step("step", parameters)
        assert measure(step, "int8", Path("/photos"), tmp_path) == EVALUATION
    assert len(ran) == 3
    assert "reduction.scaling=standard,featurization.precision=int8" in ran[0][-1]
