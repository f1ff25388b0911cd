"""The whole job on a real S3 server: the same results, and only the requests that it needs."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster.job import BUCKET, Place, assert_same_job
from cluster.proxy import Request, below
from cluster.s3_server import OWNER
from faults.storages import FEATURES, committed

from fruits_kedro import FruitsError
from fruits_kedro.storage.lock import StoreLock

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    """What the run of ``on_s3`` asked of the server."""
    return []


@pytest.fixture(scope="module")
def on_s3(cloud, runner, requests) -> Place:
    """The whole job and inference on S3. Do not change it."""
    place = cloud.place("results", **OWNER)
    cloud.traffic.forget()
    place.complete(runner)
    requests += cloud.traffic.requests
    return place


def test_the_job_gives_what_it_gives_on_a_disk(on_s3, local):
    assert_same_job(on_s3, local)


def test_every_result_is_there(on_s3, local):
    """Tables, models, plots, JSON and CSV: equal but for the names of data files."""

    def plain(place: Place) -> set[str]:
        names = (str(p.relative_to(place.files)) for p in place.files.rglob("*") if p.is_file())
        return {re.sub(r"(\d{6}-\d{5}-)?[0-9a-f]{10,16}(?=\.)", "…", name) for name in names}

    assert plain(local) == plain(on_s3)


def test_a_run_makes_only_the_requests_that_it_needs(on_s3, cloud, requests, measured):
    kinds = Counter(request.kind for request in requests)
    measured.append(f"S3 requests of a job on 66 photographs: {dict(sorted(kinds.items()))}")
    assert kinds["COPY"] == 0, "a rename on S3 is a copy"
    assert cloud.server.unfinished_uploads(BUCKET) == []
    manifest = f"{BUCKET}/results/02_intermediate/.photographs.manifest.json"
    assert len(below(manifest, "PUT", requests)) == 1
    # Photographs are listed once and read once by each of the two pipelines that read.
    photos = f"{BUCKET}/photos/"
    assert len(below(photos, "LIST", requests)) == 2
    reads = Counter(request.key for request in below(photos, "GET", requests))
    assert set(reads.values()) == {2}


def test_a_second_run_reads_nothing(on_s3, runner, traffic):
    before = committed(on_s3.files, FEATURES)
    on_s3.complete(runner, "ingestion", "featurization")
    assert below(f"{BUCKET}/photos/", "GET", traffic.requests) == []
    assert committed(on_s3.files, FEATURES) == before


def test_of_many_runs_one_holds_the_lock(cloud, monkeypatch):
    """The server's own conditional writes, several times at once."""
    for name, value in cloud.environment(**OWNER).items():
        monkeypatch.setenv(name, value)
    locks = [StoreLock(f"s3://{BUCKET}/locked") for _ in range(8)]
    start = threading.Barrier(len(locks))

    def take(lock: StoreLock) -> bool:
        start.wait()
        try:
            lock.acquire()
        except FruitsError:
            return False
        return True

    for _ in range(3):
        with ThreadPoolExecutor(len(locks)) as pool:
            taken = list(pool.map(take, locks))
        assert taken.count(True) == 1
        winner = locks[taken.index(True)]
        winner.check()
        winner.release()
