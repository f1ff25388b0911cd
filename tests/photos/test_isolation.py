"""A decoder that crashes costs one call."""

import faulthandler
import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from fruits_kedro.photos import isolation as isolation_module
from fruits_kedro.photos.isolation import call_in_time, caller_for_task, isolated
from fruits_kedro.photos.reasons import Reason


@pytest.fixture
def call():
    with isolated() as call:
        yield call


def crash(number: int) -> None:
    """End as a decoder in C does, without the page that pytest has Python print of it."""
    faulthandler.disable()
    os.kill(os.getpid(), number)


def fail(message: str) -> None:
    raise LookupError(message)


def test_calls_run_in_one_other_process(call):
    child = call(os.getpid)
    assert child != os.getpid()
    content = os.urandom(8 << 20)
    assert call(bytes, content) == content
    assert call(os.getpid) == child


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGBUS])
def test_a_crash_is_a_reason_and_the_next_call_works(call, number):
    for value in range(2):
        assert call(abs, -value) == value
        assert call(crash, number) is Reason.DECODER_CRASHED
    assert call(os._exit, 0) is Reason.DECODER_CRASHED  # some decoders call exit
    assert call(abs, -7) == 7


def test_an_exception_is_no_crash(call):
    child = call(os.getpid)
    with pytest.raises(LookupError, match="as it is"):
        call(fail, "as it is")
    assert call(os.getpid) == child


def test_a_call_without_end_is_a_crash(call, monkeypatch):
    monkeypatch.setattr(isolation_module, "MAX_SECONDS", 0.2)
    assert call(list, iter(int, 1)) is Reason.DECODER_CRASHED
    assert call(abs, -7) == 7


TURN = """
from fruits_kedro.photos import isolation

isolation.MAX_SECONDS = 0.2
print(isolation.call_in_time(abs, -7), flush=True)
list(range(10_000_000))
print("time between calls does not count", flush=True)
isolation.call_in_time(list, iter(int, 1))
"""


def test_a_direct_call_without_end_ends_the_process():
    words = [sys.executable, "-c", TURN]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines() == ["7", "time between calls does not count"]
    assert result.returncode == -signal.SIGPROF


def test_a_call_in_time_passes_on_what_it_raises():
    with pytest.raises(LookupError, match="as it is"):
        call_in_time(fail, "as it is")
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def ends(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(pid)


CALL_AND_WAIT = """
import os, sys
from fruits_kedro.photos.isolation import isolated
calls = isolated()
print(calls.__enter__()(os.getpid), flush=True)
sys.stdin.read()
"""


def test_the_child_of_a_killed_worker_ends():
    """Spark kills workers whose task is not wanted any more; nobody else would end the child."""
    words = [sys.executable, "-c", CALL_AND_WAIT]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        worker.kill()
    ended = ends(child)
    if not ended:
        os.kill(child, signal.SIGKILL)
    assert ended


@pytest.mark.parametrize(
    ("attempt", "direct"), [(None, operator.call), (0, call_in_time), (1, None), (3, None)]
)
def test_repeated_tasks_are_isolated(monkeypatch, attempt, direct):
    context = None if attempt is None else SimpleNamespace(attemptNumber=lambda: attempt)
    monkeypatch.setattr("pyspark.TaskContext.get", lambda: context)
    with caller_for_task() as call:
        assert (call(os.getpid) == os.getpid()) is (direct is not None)
        assert direct in (None, call)


def test_the_child_ends_with_the_task(monkeypatch):
    monkeypatch.setattr("pyspark.TaskContext.get", lambda: SimpleNamespace(attemptNumber=lambda: 1))
    with pytest.raises(RuntimeError, match="the task"), caller_for_task() as call:
        child = call(os.getpid)
        raise RuntimeError("the task")
    assert ends(child)
