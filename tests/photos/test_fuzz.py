"""A few hundred damaged photographs; `make test-faults` decodes 20,000."""

import hashlib

import fuzz
from fuzz import Report, make_input

COUNT = 400


def test_damaged_photographs_are_pixels_or_a_reason():
    report = fuzz.fuzz(0, COUNT)
    assert report.failed == {}
    assert report.inputs == COUNT
    assert set(report.outcomes) >= {"pixels", "not_an_image", "undecodable"}


def test_an_input_is_a_number():
    first, again = ([make_input(number) for number in range(50)] for _ in range(2))
    assert first == again
    assert len({hashlib.sha256(content).digest() for content in first}) > 45


def test_an_input_that_ends_its_child_is_named_and_the_next_ones_are_decoded(monkeypatch):
    """The child here only plays three inputs, and dies at the second."""
    script = (
        "import os, signal, sys\n"
        "for number in range(int(sys.argv[1]), int(sys.argv[1]) + int(sys.argv[2])):\n"
        "    if number == 11: os.kill(os.getpid(), signal.SIGSEGV)\n"
        """    print('["pixels", "", 2.5]', flush=True)\n"""
    )
    popen = fuzz.subprocess.Popen
    monkeypatch.setattr(
        fuzz.subprocess,
        "Popen",
        lambda words, **options: popen([words[0], "-c", script, *words[2:]], **options),
    )
    report = fuzz.fuzz(10, 3)
    assert report == Report({"pixels": 2}, {11: "exit code -11"}, 2.5)
    assert report.inputs == 3
