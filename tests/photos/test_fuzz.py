"""A few hundred damaged photographs; `make test-faults` decodes 20,000."""

import hashlib

import fuzz

COUNT = 400


def test_damaged_photographs_are_pixels_or_a_reason():
    report = fuzz.fuzz(0, COUNT)
    assert report.failed == {}
    assert report.inputs == COUNT
    assert set(report.outcomes) >= {"pixels", "not_an_image", "undecodable"}


def test_an_input_is_a_number():
    first, again = ([fuzz.make_input(number) for number in range(50)] for _ in range(2))
    assert first == again
    assert len({hashlib.sha256(content).digest() for content in first}) > 45
