"""Ingestion: every file of a hostile folder is accounted for."""

import hashlib
import os
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest
from corpus import Kept, Kind, Rejected, expected_counts, write_corpus
from runs import SAMPLE, Job, new_job

from fruits_kedro.photos.reasons import Reason

UNDECODABLE = Rejected(Reason.UNDECODABLE, "decode")


@pytest.fixture(scope="module")
def hostile(spark, tmp_path_factory) -> tuple[Job, list[Kind]]:
    """Ingestion and featurization of the corpus beside two labels of plain photographs."""
    job = new_job(tmp_path_factory.mktemp("hostile"))
    for label in ("Walnut", "Yam"):
        shutil.copytree(SAMPLE / "Test" / label, job.images / "Test" / label)
    corpus = write_corpus(job.images)
    job.run("ingestion", "featurization", augmentation={"copies": 0})
    return job, corpus


def readable(path: str) -> str:
    """A path as a table can hold it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def undecodable(corpus: list[Kind]) -> set[str]:
    return {readable(kind.path) for kind in corpus if kind.outcome == UNDECODABLE}


def test_every_file_has_the_outcome_of_its_kind_and_is_accounted_for(hostile):
    job, corpus = hostile
    expected = []
    for kind in corpus:
        if isinstance(kind.outcome, Kept) or kind.outcome == UNDECODABLE:
            expected.append((readable(kind.path), "kept", None))
        elif isinstance(kind.outcome, Rejected):
            reason = kind.outcome.reason
            status = "duplicate" if reason is Reason.DUPLICATE else "rejected"
            expected.append((readable(kind.path), status, reason))
    rows = job.rows("photographs", "path", "status", "reason")
    found = [(os.path.relpath(row["path"], job.images), *[*row.values()][1:]) for row in rows]
    assert Counter(row for row in found if not row[0].startswith("Test/")) == Counter(expected)
    report = job.report("ingestion")
    status = Counter(status for _, status, _ in expected)
    counted = [report[name] for name in ("kept", "duplicates", "rejected", "ignored")]
    ignored = expected_counts(corpus).ignored
    assert report["ignored_by_extension"] == ignored
    by_status = [status[name] for name in ("kept", "duplicate", "rejected")]
    assert counted == [by_status[0] + 16, *by_status[1:], sum(ignored.values())]
    assert report["listed"] == sum(counted)
    reasons = Counter(reason for _, status, reason in expected if status == "rejected")
    assert report["rejected_by_reason"] == reasons


def test_kept_photographs_have_features_or_their_reason(hostile):
    job, corpus = hostile
    failed = job.load("features").read(filter=pc.field("reason").is_valid()).to_pylist()
    files = {row["sha256"]: row["path"] for row in job.rows("photographs", "path", "sha256")}
    paths = {os.path.relpath(files[row["sha256"]], job.images) for row in failed}
    assert paths == undecodable(corpus)
    assert {(row["reason"], row["features"]) for row in failed} == {(Reason.UNDECODABLE, None)}
    report = job.report("featurization")
    named = {os.path.relpath(path, job.images) for path, _ in report["undecodable_files"]}
    assert named == paths and report["undecodable"] == len(paths)
    assert report["kept"] == report["features"] + len(paths) == job.report("ingestion")["kept"]


def label_of(path: str) -> str:
    """The first folder below the split folder, in one Unicode form, without spaces at the ends."""
    return unicodedata.normalize("NFC", Path(path).parts[1].strip())


def test_labels_are_the_folders_names(hostile):
    job, corpus = hostile
    kept = [kind for kind in corpus if isinstance(kind.outcome, Kept)]
    expected = Counter(label_of(kind.path) for kind in kept)
    expected += Counter(label_of(path) for path in undecodable(corpus))
    assert job.report("ingestion")["kept_by_label"] == expected | {"Walnut": 8, "Yam": 8}


def test_bytes_are_stored_for_what_is_kept_and_for_nothing_else(hostile):
    job, _ = hostile
    for row in job.rows("images"):
        assert (row["bytes"] is None) == (row["reason"] is not None)
        if row["bytes"] is not None:
            assert hashlib.sha256(row["bytes"]).hexdigest() == row["sha256"]
