"""Photographs that are not copied have the features of those that are."""

import pytest
from runs import LABELS, Job, copy_photos, new_job, sample_names

PIPELINES = ("ingestion", "featurization")


@pytest.fixture
def job(spark, backbone, tmp_path) -> Job:
    """Eight photographs of two labels."""
    job = new_job(tmp_path / "large", backbone)
    names = [
        f"Training/{label}/{n}" for label in LABELS[:2] for n in sample_names("Training", label)[:4]
    ]
    copy_photos(names, job.images)
    return job


def features(job: Job) -> dict[str, list[float]]:
    return {row.path: row.features for row in job.rows("features", "path", "features")}


def test_features_do_not_depend_on_what_is_copied(job, tmp_path):
    job.run(*PIPELINES)
    stored = features(job)
    other = job.fork(tmp_path)
    other.run(*PIPELINES, refresh=True, ingestion={"stored_bytes": 0})
    assert [row.bytes for row in other.rows("images", "path", "bytes")] == [None] * 8
    assert features(other) == stored
    assert len(stored) == 8


def test_a_photograph_that_is_away_for_a_while_gets_its_features_later(job):
    only = {"ingestion": {"stored_bytes": 0}}
    job.run("ingestion", **only)
    [photograph, *_] = sorted(job.images.rglob("*.jpg"))
    away = photograph.rename(job.images.parent / "away.jpg")
    job.run("featurization", **only)
    report = job.report("featurization")
    assert report["undecodable_files"] == [[str(photograph), "unreadable"]]
    assert (report["features"], report["inferred"]) == (7, 8)
    away.rename(photograph)
    job.run(*PIPELINES, **only)
    report = job.report("featurization")
    assert (report["features"], report["undecodable"], report["inferred"]) == (8, 0, 1)
