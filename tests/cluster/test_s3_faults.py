"""A store that stumbles costs time; one that refuses is told in one sentence."""

import pytest
from cluster.conftest import SMALL_RUN
from cluster.job import BUCKET, assert_same_job
from cluster.proxy import every
from cluster.report import REPORT
from cluster.s3_server import OWNER, READER, keys, unfinished_uploads
from faults.processes import FEATURES, leftovers, pointer

pytestmark = pytest.mark.cluster

FAULTS = ("500", "503", "reset", "lost", "latency")
EVERY = 25
"""One request in so many meets a fault: far more than S3 has on a bad day."""


def test_faults_between_cost_only_time(small, local_small, runner, traffic):
    """Errors 500 and 503, connections reset before and after the work, answers 2 s late."""
    traffic.fault = every(EVERY, *FAULTS)
    small.complete(runner, name="faults", **SMALL_RUN)
    assert set(traffic.faults) == set(FAULTS), traffic.faults
    assert_same_job(small, local_small)
    assert leftovers(small.files) == []
    told = ", ".join(f"{count} of {name}" for name, count in sorted(traffic.faults.items()))
    REPORT.notes.append(
        f"Faults survived in {len(traffic.requests)} requests: {told} "
        f"({small.seconds['faults']:.0f} s; local without {local_small.seconds['job']:.0f} s)"
    )


def refused(cloud, runner, **environment: str) -> str:
    """The sentence of a run that S3 refuses; nothing of it may be stored."""
    place = cloud.place("small", "refused", **environment)
    sentence = place.start(runner, **SMALL_RUN).sentence()
    assert keys(cloud.server.client(), BUCKET, "refused/") == {}
    return sentence


def test_expired_credentials_are_told(cloud, runner, traffic):
    traffic.fault = lambda request: "expired"
    sentence = refused(cloud, runner, **OWNER)
    assert sentence.startswith(f"The storage s3://{BUCKET}/refused cannot be written")
    assert "token has expired" in sentence


def test_credentials_that_may_only_read_are_told(cloud, runner, traffic):
    sentence = refused(cloud, runner, **READER)
    assert sentence.startswith(f"The storage s3://{BUCKET}/refused cannot be written")


def test_credentials_nobody_knows_are_told(cloud, runner, traffic):
    stranger = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "none"}
    sentence = refused(cloud, runner, **stranger)
    assert "Access Key Id you provided does not exist" in sentence


@pytest.mark.parametrize("what", ["images", "storage"])
def test_a_missing_bucket_is_told(cloud, runner, traffic, what):
    place = cloud.place("small", "refused", **OWNER)
    sentence = place.start(runner, **{what: "s3://no-such-bucket/x"}).sentence()
    assert "s3://no-such-bucket/x" in sentence
    assert "bucket does not exist" in sentence
    assert keys(cloud.server.client(), BUCKET, "refused/") == {}


def test_credentials_that_expire_on_the_way_lose_nothing(
    cloud, small, local_small, runner, traffic
):
    run = small.start(runner, **SMALL_RUN)
    run.wait_for(lambda: pointer(small.files, FEATURES)["rows"], "the first features", 600)
    traffic.fault = lambda request: "expired"
    assert "credentials have expired" in run.sentence()
    traffic.forget()
    small.complete(runner, name="after", **SMALL_RUN)
    assert_same_job(small, local_small)
    assert leftovers(small.files) == []
    assert unfinished_uploads(cloud.server.client(), BUCKET) == []


def test_uploads_that_were_never_completed_are_ended_by_the_next_run(cloud, small, runner, traffic):
    client = cloud.server.client()
    prefix = small.storage.partition(f"{BUCKET}/")[2]
    ours, others = f"{prefix}/02_intermediate/images/lost.parquet", f"{prefix}-other/kept.parquet"
    for key in (ours, others):
        client.create_multipart_upload(Bucket=BUCKET, Key=key)
    small.complete(runner, "--pipelines=ingestion", name="ingestion", **SMALL_RUN)
    assert unfinished_uploads(client, BUCKET) == [others]
    for upload in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
        client.abort_multipart_upload(Bucket=BUCKET, Key=others, UploadId=upload["UploadId"])
