"""Photographs whose bytes are not copied have the features of those whose bytes are."""

from runs import LABELS, Job, copy_photos, new_job

PIPELINES = ("ingestion", "featurization")
ONLY = {"ingestion": {"stored_bytes": 0}, "augmentation": {"copies": 0}}
NAMES = [f"Training/{label}/{n}_100.jpg" for label in LABELS[:2] for n in range(2)]


def features(job: Job) -> dict[str, list[float]]:
    rows = job.load("features").read().to_pylist()
    return {row["sha256"]: row["features"] for row in rows if row["variant"] == 0}


def test_photographs_are_read_again_and_later_where_they_were_away(whole_run, tmp_path):
    job = new_job(tmp_path)
    copy_photos(NAMES, job.images)
    job.run("ingestion", **ONLY)
    assert {row["bytes"] for row in job.rows("images")} == {None}
    [photograph, *_] = sorted(job.images.rglob("*.jpg"))
    away = photograph.rename(tmp_path / "away.jpg")
    job.run("featurization", **ONLY)
    report = job.report("featurization")
    assert report["undecodable_files"] == [[str(photograph), "unreadable"]]
    assert (report["features"], report["inferred"]) == (3, 4)
    away.rename(photograph)
    job.run(*PIPELINES, **ONLY)
    report = job.report("featurization")
    assert (report["features"], report["undecodable"], report["inferred"]) == (4, 0, 1)
    stored = features(whole_run)
    assert {sha256: stored[sha256] for sha256 in features(job)} == features(job)
