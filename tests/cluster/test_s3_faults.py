"""A store that stumbles costs time; one that refuses is reported in one sentence."""

import re
from dataclasses import replace

import pytest
from cluster.job import BUCKET, assert_same_job
from cluster.proxy import every
from cluster.s3_server import OWNER, READER
from faults.storages import FEATURES, committed

pytestmark = pytest.mark.cluster

FAULTS = ("500", "503", "reset", "lost", "latency")
EVERY = 25
"""One request in so many meets a fault: far more than S3 has on a bad day."""


def test_faults_cost_only_time_and_expired_credentials_lose_nothing(
    cloud, local, runner, traffic, measured
):
    """Errors 500 and 503, connections reset before and after the work, answers 2 s late.

    The credentials expire after the first features. An upload that another run never completed is
    aborted by the next one, and uploads elsewhere are left alone.
    """
    place = cloud.place("faults", **OWNER)
    traffic.fault = every(EVERY, *FAULTS)
    run = place.start(runner)
    run.wait_for(lambda: committed(place.files, FEATURES), "the first features", 600)
    traffic.fault = lambda request: "expired"
    assert "credentials have expired" in run.sentence()
    client = cloud.server.client()
    ours, others = "faults/02_intermediate/images/lost.parquet", "faults-other/kept.parquet"
    for key in (ours, others):
        client.create_multipart_upload(Bucket=BUCKET, Key=key)
    traffic.fault = every(EVERY, *FAULTS)
    place.complete(runner)
    assert set(traffic.faults) == {*FAULTS, "expired"}, traffic.faults
    assert_same_job(place, local)
    assert cloud.server.unfinished_uploads(BUCKET) == [others]
    for upload in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
        client.abort_multipart_upload(Bucket=BUCKET, Key=others, UploadId=upload["UploadId"])
    survived = ", ".join(f"{count} of {name}" for name, count in sorted(traffic.faults.items()))
    measured.append(f"Faults survived in {len(traffic.requests)} requests: {survived}")


STRANGER = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "none"}
NOWHERE = "s3://no-such-bucket/x"


@pytest.mark.parametrize(
    ("credentials", "changed", "sentence"),
    [
        (READER, {}, f"s3://{BUCKET}/refused cannot be written"),
        (STRANGER, {}, "cannot be written"),
        (OWNER, {"images": NOWHERE}, f"{NOWHERE}.* bucket does not exist"),
        (OWNER, {"storage": NOWHERE}, f"{NOWHERE}.* bucket does not exist"),
    ],
    ids=["may only read", "unknown", "no images", "no storage"],
)
def test_what_s3_refuses_is_one_sentence(cloud, runner, traffic, credentials, changed, sentence):
    place = replace(cloud.place("refused", **credentials), **changed)
    found = place.start(runner).sentence()
    assert re.search(sentence, found), found
