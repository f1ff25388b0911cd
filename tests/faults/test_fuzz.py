"""20,000 damaged photographs: pixels or a reason, within 4 GiB and 20 s each."""

import fuzz
import pytest

pytestmark = pytest.mark.faults

COUNT = 10_000


@pytest.mark.parametrize("first", [0, COUNT])
def test_damaged_photographs_are_pixels_or_a_reason(first):
    report = fuzz.fuzz(first, COUNT)
    print(f"{COUNT} inputs: {report}")  # noqa: T201
    assert report.failed == {}
    assert report.inputs == COUNT
