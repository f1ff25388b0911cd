"""What a run prints is a calm log of lines that its user understands."""

import re

LINE = re.compile(r"\d\d:\d\d:\d\d (INFO|WARNING) \S.*")
"""Time, level, what happens; nothing of Java, of libraries or of Python's warnings."""
INTERNAL = re.compile(r"org\.apache|py4j|\.py:\d+|<[\w. ]+ object|Traceback|DeprecationWarning")
STEP = re.compile(r"\[(\d+)/(\d+)\] (\w+): (.+)")


def test_every_line_has_its_time_and_is_about_the_run(whole_run):
    lines = whole_run.log.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line) or INTERNAL.search(line)] == []
    assert len(set(lines)) == len(lines)


def test_every_step_is_counted_and_says_its_purpose(whole_run):
    steps = [match for line in whole_run.log.splitlines() if (match := STEP.search(line))]
    numbers = [int(step[1]) for step in steps]
    # A step that only passes a value on runs when the value is needed, or never.
    assert len(set(numbers)) == len(numbers) > 20
    assert {int(step[2]) for step in steps} == {max(numbers)}
    assert all(len(step[4]) > 10 for step in steps)


def test_a_run_of_a_minute_is_read_in_a_minute(whole_run):
    assert len(whole_run.log.splitlines()) < 100
