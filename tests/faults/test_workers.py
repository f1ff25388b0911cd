"""A worker is killed in the middle of a batch: Spark repeats, nothing is lost.

``tests/cluster/test_standalone.py`` kills an executor.
"""

import os
import signal

import pytest
from faults.processes import Run, has_engine
from faults.storages import assert_tidy, effort, features, report

LONG = {"featurization__slice_images": 10000, "augmentation__copies": 8}
"""All in one slice, and enough work that a worker can be hit in the middle of it."""


def busy_workers(run: Run) -> set[int]:
    daemons = (pid for pid, line in run.processes().items() if "pyspark.daemon" in line)
    return set(filter(has_engine, daemons))


@pytest.mark.faults
@pytest.mark.xdist_group("processes")
def test_workers_killed_in_a_batch(runs, here, ingested, reference, total):
    """First the direct try, then the isolated one, whose child must not live on."""
    run = runs.start(ingested, "featurization", **LONG)
    killed: set[int] = set()
    for _ in range(2):
        run.wait_for(lambda: busy_workers(run) - killed, "a worker that computes")
        worker = min(busy_workers(run) - killed)
        killed.add(worker)
        os.kill(worker, signal.SIGKILL)
    assert run.end() == 0, run.output
    run.wait_for_nothing()
    assert run.output.count("Exception in task") >= 2, "it was idle"
    # A failed attempt may leave a file that no manifest names, until the next run.
    here(ingested, "featurization", **LONG)
    assert effort(ingested)[1:] == (0, 0)
    # Every photograph and its first copy, to the bit; more copies are beside them.
    found, expected = features(ingested), features(reference)
    assert {key: found[key] for key in expected} == expected
    assert len(found) > len(expected)
    assert report(ingested, "featurization")["features"] == total
    assert_tidy(ingested)
