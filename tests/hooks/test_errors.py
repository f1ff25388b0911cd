"""How a run ends early: one sentence for an error, one sentence and a code for a signal."""

import signal
import subprocess
import sys

import pytest
from kedro.io import DataCatalog, DatasetError

from fruits_kedro import FruitsError
from fruits_kedro.datasets import FruitFactsDataset
from fruits_kedro.hooks.errors import ErrorHooks, as_sentences


@pytest.mark.parametrize("passes_the_hook", [False, True])
def test_a_fruits_error_is_taken_out_of_what_wraps_it(passes_the_hook):
    with pytest.raises(FruitsError, match=r"conf/local/fruits\.yml"), as_sentences():
        try:
            DataCatalog({"facts": FruitFactsDataset(content={})}).save("facts", "new")
        except DatasetError as wrapped:
            if passes_the_hook:
                ErrorHooks().on_pipeline_error(wrapped)
            raise RuntimeError("outermost") from wrapped


class UnansweredError(Exception):
    """An error of Java once the JVM is gone: its message would have to be fetched there."""

    def __str__(self) -> str:
        raise ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (UnansweredError(), "spark.driver.memory"),
        (RuntimeError("java.lang.OutOfMemoryError: heap"), "spark.driver.memory"),
        (RuntimeError('Cannot run program "/opt/python": error=2'), "PYSPARK_PYTHON"),
        (OSError(28, "No space left on device"), "kedro fruits gc"),
        (OSError(30, "Read-only file system"), "--params=storage="),
    ],
)
def test_faults_of_the_machine_become_a_sentence_with_a_remedy(error, remedy):
    with pytest.raises(FruitsError, match=remedy), as_sentences():
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("outermost") from cause


def test_a_defect_keeps_its_stack_trace():
    ErrorHooks().on_pipeline_error(ValueError("a defect"))
    with pytest.raises(ValueError, match="a defect"), as_sentences():
        raise ValueError("a defect")


# A main thread that holds a lock, finalizers that fail and a callback that hangs are what makes an
# interrupted program print stack traces or stay.
SCRIPT = """
import sys, threading, time
from fruits_kedro.hooks import errors

errors._SECONDS_TO_END = 0.5
errors.at_end += [lambda: print("released", flush=True), threading.Event().wait]
errors.end_on_signals()
threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)
with open("/dev/zero", "rb") as zeros:
    while True:
        try:
            time.sleep(60)
        except BaseException:
            continue
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_with_one_sentence_and_its_code(number):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert out == "released\n"
    assert err.count("\n") == 1
    assert "Traceback" not in err
