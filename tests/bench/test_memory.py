"""Whose memory it is, and that peaks are seen."""

import subprocess
import sys

import pytest

from bench.memory import MemorySampler, kind_of

HOLD = "import time; held = bytearray(b'x') * 150_000_000; time.sleep(1.5); del held; time.sleep(1)"


@pytest.mark.parametrize(
    ("name", "parent", "kind"),
    [
        ("java", "driver", "jvm"),
        ("python3", "jvm", "worker"),
        ("python3", "worker", "worker"),
        ("python3", "driver", "child"),
        ("python3", "child", "child"),
    ],
)
def test_a_descendant_has_a_kind(name, parent, kind):
    assert kind_of(name, parent) == kind


def test_the_peak_of_a_process_is_seen_though_it_ends_smaller():
    pytest.importorskip("psutil", reason="psutil is a development package of make bench")
    process = subprocess.Popen([sys.executable, "-c", HOLD])
    with MemorySampler(process.pid) as sampler:
        process.wait()
    assert 150 < sampler.peaks["driver"] < 250
    assert "jvm" not in sampler.peaks
