"""Ctrl-C and SIGTERM end a run within seconds, with all of its processes; two runs at once."""

import os
import signal

import pytest
from faults.processes import (
    FEATURES,
    IMAGES,
    STOP_SECONDS,
    Run,
    assert_same_features,
    is_writing,
    pointer,
    wait_until,
)

pytestmark = pytest.mark.faults

FEATURIZATION = "featurization"


def press_ctrl_c(run: Run) -> None:
    """A terminal sends it to every process of the foreground group."""
    os.killpg(run.pid, signal.SIGINT)


def terminate(run: Run) -> None:
    os.kill(run.pid, signal.SIGTERM)


@pytest.mark.parametrize("stop", [press_ctrl_c, terminate])
def test_a_stopped_run_is_gone_and_the_next_completes(runs, ingested, reference, total, stop):
    run = runs.start(ingested, FEATURIZATION)
    run.wait_for(
        lambda: pointer(ingested, FEATURES)["rows"] and is_writing(ingested, FEATURES),
        "the second slice of features",
    )
    stop(run)
    assert wait_until(lambda: run.process.poll() is not None, STOP_SECONDS), run.processes()
    # The JVM and the workers may end a moment after the driver.
    assert wait_until(lambda: not run.processes(), STOP_SECONDS), run.processes()
    assert run.process.returncode != 0
    present = pointer(ingested, FEATURES)["rows"]
    assert 0 < present < total
    runs.complete(ingested, FEATURIZATION)
    assert_same_features(ingested, reference)


def test_others_are_refused_while_a_run_writes_and_it_completes(runs, fresh, reference):
    first = runs.start(fresh, "ingestion", "featurization")
    first.wait_for_line(r"\[1/\d+\]")
    message = runs.start(fresh, "ingestion").sentence()
    assert message.startswith(f"Another run is writing to {fresh} (process {first.pid} on ")
    message = runs.command("fruits", "gc", f"--params=storage={fresh}").sentence()
    assert f"(process {first.pid} on " in message
    assert first.end() == 0, first.output
    assert_same_features(fresh, reference)


def test_the_run_after_a_killed_holder_of_the_storage_just_works(runs, fresh, total):
    first = runs.start(fresh, "ingestion")
    first.wait_for_line(r"\[1/\d+\]")
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait(30)
    runs.complete(fresh, "ingestion")
    assert pointer(fresh, IMAGES)["rows"] == total
