"""The whole job on a real S3 server: the same results, right writes, and what it costs."""

import math
import re
from collections import Counter

import pytest
from cluster.job import BUCKET, Place, assert_same_inference, assert_same_job
from cluster.proxy import Request, below
from cluster.report import REPORT
from cluster.s3_server import OWNER, keys, unfinished_uploads
from faults.processes import leftovers
from runs import ROOT

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def requests() -> dict[str, list[Request]]:
    """What the runs of ``on_s3`` asked of the server."""
    return {}


@pytest.fixture(scope="module")
def on_s3(cloud, runner, local, converted, requests) -> Place:
    """The whole job and inference on S3. Do not change it."""
    cloud.upload(converted, "results")
    place = cloud.place("photos", "results", "--env=emr", **OWNER)
    for name, words in (("job", []), ("inference", ["--pipelines=inference"])):
        cloud.traffic.forget()
        place.complete(runner, *words, name=name)
        requests[name] = list(cloud.traffic.requests)
    return place


def test_the_job_gives_what_it_gives_on_a_disk(on_s3, local):
    assert_same_job(on_s3, local)
    rows = on_s3.photographs()
    REPORT.places += [
        ("local", local.seconds["job"], rows, "-"),
        ("S3, local[*]", on_s3.seconds["job"], rows, "yes"),
    ]


def test_inference_gives_what_it_gives_on_a_disk(on_s3, local):
    assert_same_inference(on_s3, local)
    REPORT.places += [
        ("inference, local", local.seconds["inference"], local.photographs(), "-"),
        ("inference, S3, local[*]", on_s3.seconds["inference"], on_s3.photographs(), "yes"),
    ]


def test_every_result_is_there(on_s3, local):
    """Tables, models, plots, JSON and CSV: the same files but for names of parts and snapshots."""

    def plain(names: list[str]) -> set[str]:
        return {re.sub(r"part-[\w-]+", "part", n).split("/part", 1)[0] for n in names}

    made = [str(path.relative_to(local.files)) for path in local.files.rglob("*") if path.is_file()]
    expected = plain([name for name in made if "_snapshots" not in name and name != ".run.lock"])
    found = plain([str(p.relative_to(on_s3.files)) for p in on_s3.files.rglob("*") if p.is_file()])
    assert expected <= found


def test_nothing_is_renamed_and_nothing_is_left_unfinished(on_s3, cloud, requests):
    kinds = Counter(request.kind for name in requests for request in requests[name])
    assert kinds["COPY"] == 0, "a rename on S3 is a copy"
    client = cloud.server.client()
    assert unfinished_uploads(client, BUCKET) == []
    stored = keys(client, BUCKET, "results/")
    assert not [key for key in stored if "__magic" in key or "_temporary" in key]
    assert leftovers(on_s3.files) == []


def test_a_pointer_is_written_by_one_put(on_s3, requests):
    puts = Counter(r.key for r in requests["job"] if r.key.endswith("/_current.json"))
    writes = below(
        f"{BUCKET}/results/02_intermediate/photographs/_current.json", "PUT", requests["job"]
    )
    assert puts
    assert len(writes) == 1


@pytest.mark.parametrize("name", ["job", "inference"])
def test_the_photographs_are_listed_once_and_read_once(on_s3, requests, name):
    prefix = f"{BUCKET}/photos/"
    found = on_s3.photographs()
    listed = below(prefix, "LIST", requests[name])
    assert len(listed) == math.ceil(found / 1000), listed
    reads = Counter(request.key for request in below(prefix, "GET", requests[name]))
    assert set(reads.values()) == {1}


def test_a_second_run_reads_nothing(on_s3, cloud, runner, traffic):
    before = keys(cloud.server.client(), BUCKET, "results/04_feature/")
    on_s3.complete(runner, name="again")
    assert below(f"{BUCKET}/photos/", "GET", traffic.requests) == []
    assert keys(cloud.server.client(), BUCKET, "results/04_feature/") == before


def test_the_requests_are_those_that_the_documentation_tells(on_s3, requests):
    """Per 1,000 photographs; within a half, since every new dataset weighs on a small set."""
    thousands = on_s3.photographs() / 1000
    kinds = Counter(request.kind for request in requests["job"])
    per_thousand = {kind: round(count / thousands) for kind, count in sorted(kinds.items())}
    REPORT.notes.append(f"S3 requests per 1,000 photographs: {per_thousand}")
    told = re.findall(r"^\| (LIST|GET|HEAD|PUT|POST|DELETE) \| ([\d,]+) \|", _scale(), re.M)
    documented = {kind: int(count.replace(",", "")) for kind, count in told}
    assert documented.keys() == per_thousand.keys()
    for kind, count in per_thousand.items():
        assert abs(count - documented[kind]) <= max(documented[kind] / 2, 10), kind


def _scale() -> str:
    return (ROOT / "docs" / "scale.md").read_text()
