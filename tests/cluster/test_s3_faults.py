"""A store that stumbles costs time; one that refuses is reported in one sentence."""

import pytest
from cluster.job import BUCKET, FEATURES, assert_same_job, leftovers
from cluster.proxy import every
from cluster.report import REPORT
from cluster.s3_server import OWNER, READER, keys, unfinished_uploads

pytestmark = pytest.mark.cluster

FAULTS = ("500", "503", "reset", "lost", "latency")
EVERY = 25
"""One request in so many meets a fault: far more than S3 has on a bad day."""


def test_faults_cost_only_time_and_expired_credentials_lose_nothing(cloud, local, runner, traffic):
    """Errors 500 and 503, connections reset before and after the work, answers 2 s late.

    The credentials expire after the first features. An upload that another run never completed is
    aborted by the next one, and uploads elsewhere are left alone.
    """
    place = cloud.place("faults", **OWNER)
    traffic.fault = every(EVERY, *FAULTS)
    run = place.start(runner)
    run.wait_for(lambda: place.committed(FEATURES), "the first features", 600)
    traffic.fault = lambda request: "expired"
    assert "credentials have expired" in run.sentence()
    client = cloud.server.client()
    ours, others = "faults/02_intermediate/images/lost.parquet", "faults-other/kept.parquet"
    for key in (ours, others):
        client.create_multipart_upload(Bucket=BUCKET, Key=key)
    traffic.fault = every(EVERY, *FAULTS)
    seconds = place.complete(runner)
    assert set(traffic.faults) == {*FAULTS, "expired"}, traffic.faults
    assert_same_job(place, local)
    assert leftovers(place) == []
    assert unfinished_uploads(client, BUCKET) == [others]
    for upload in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
        client.abort_multipart_upload(Bucket=BUCKET, Key=others, UploadId=upload["UploadId"])
    survived = ", ".join(f"{count} of {name}" for name, count in sorted(traffic.faults.items()))
    REPORT.add("S3 with faults, second half", seconds, place)
    REPORT.notes.append(f"Faults survived in {len(traffic.requests)} requests: {survived}")


def refused(cloud, runner, **environment: str) -> str:
    """The sentence of a run that S3 refuses; nothing of it may be stored."""
    place = cloud.place("refused", **environment)
    sentence = place.start(runner).sentence()
    assert keys(cloud.server.client(), BUCKET, "refused/") == {}
    return sentence


def test_credentials_that_may_only_read_are_told(cloud, runner, traffic):
    assert f"s3://{BUCKET}/refused cannot be written" in refused(cloud, runner, **READER)


def test_credentials_nobody_knows_are_told(cloud, runner, traffic):
    stranger = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "none"}
    assert "cannot be written" in refused(cloud, runner, **stranger)


@pytest.mark.parametrize("what", ["images", "storage"])
def test_a_missing_bucket_is_told(cloud, runner, traffic, what):
    place = cloud.place("refused", **OWNER)
    sentence = place.start(runner, **{what: "s3://no-such-bucket/x"}).sentence()
    assert "s3://no-such-bucket/x" in sentence
    assert "bucket does not exist" in sentence
