"""Ingestion: every file of a hostile folder is accounted for, and copies follow the rules."""

import hashlib
import os
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest
from corpus import Ignored, Kept, Kind, Rejected, write_corpus
from runs import SAMPLE, Job, new_job

from fruits_kedro.photos.reasons import SENTENCES, Reason

Row = tuple[str, str, str | None]
"""Path, status and reason in ``photographs``."""


# --- hostile files -------------------------------------------------------------------------------


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


def after_ingestion(kind: Kind) -> tuple[str, str | None]:
    if isinstance(kind.outcome, Kept) or kind.outcome == Rejected(Reason.UNDECODABLE, "decode"):
        return "kept", None
    assert isinstance(kind.outcome, Rejected)
    status = "duplicate" if kind.outcome.reason == Reason.DUPLICATE else "rejected"
    return status, kind.outcome.reason


def candidates(corpus: list[Kind]) -> list[Kind]:
    return [kind for kind in corpus if not isinstance(kind.outcome, Ignored)]


def undecodable(corpus: list[Kind]) -> set[str]:
    decode = Rejected(Reason.UNDECODABLE, "decode")
    return {readable(kind.path) for kind in corpus if kind.outcome == decode}


def rows_of_corpus(job: Job) -> Counter[Row]:
    rows = job.rows("photographs", "path", "status", "reason")
    below = (
        (os.path.relpath(row["path"], job.images), row["status"], row["reason"]) for row in rows
    )
    return Counter(row for row in below if not row[0].startswith("Test/"))


def test_every_file_has_the_outcome_of_its_kind(hostile):
    job, corpus = hostile
    expected = Counter((readable(k.path), *after_ingestion(k)) for k in candidates(corpus))
    found = rows_of_corpus(job)
    assert found - expected == Counter()
    assert expected - found == Counter()


def test_every_file_is_accounted_for(hostile):
    job, corpus = hostile
    report = job.report("ingestion")
    outcomes = Counter(after_ingestion(kind)[0] for kind in candidates(corpus))
    ignored = Counter(k.outcome.as_ for k in corpus if isinstance(k.outcome, Ignored))
    del ignored[None]
    assert report["kept"] == outcomes["kept"] + 16
    assert report["duplicates"] == outcomes["duplicate"]
    assert report["rejected"] == outcomes["rejected"]
    assert report["ignored_by_extension"] == ignored
    parts = ("kept", "duplicates", "rejected", "ignored")
    assert report["listed"] == sum(report[part] for part in parts)


def test_reasons_are_counted_and_each_has_a_sentence(hostile):
    job, corpus = hostile
    reasons = Counter(
        reason
        for status, reason in map(after_ingestion, candidates(corpus))
        if status == "rejected"
    )
    assert job.report("ingestion")["rejected_by_reason"] == reasons
    assert all(SENTENCES[Reason(reason)] for reason in reasons)


def test_what_cannot_be_decoded_has_its_reason_among_the_features(hostile):
    job, corpus = hostile
    failed = job.load("features").read(filter=pc.field("reason").is_valid()).to_pylist()
    files = {row["sha256"]: row["path"] for row in job.rows("photographs", "path", "sha256")}
    paths = {os.path.relpath(files[row["sha256"]], job.images) for row in failed}
    assert paths == undecodable(corpus)
    assert {row["reason"] for row in failed} == {Reason.UNDECODABLE}
    assert all(row["features"] is None for row in failed)


def test_kept_photographs_have_features_or_are_undecodable(hostile):
    job, corpus = hostile
    report = job.report("featurization")
    assert report["undecodable"] == len(undecodable(corpus))
    assert report["kept"] == report["features"] + report["undecodable"]
    assert report["kept"] == job.report("ingestion")["kept"]
    files = {os.path.relpath(path, job.images) for path, _ in report["undecodable_files"]}
    assert files == undecodable(corpus)


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


# --- copies --------------------------------------------------------------------------------------

PHOTOS = sorted((SAMPLE / "Training" / "Corn").glob("*.jpg"))


def ingest(folder: Path, files: dict[str, int]) -> dict[str, tuple[str, str | None]]:
    """Status and reason by path of photographs, each given by its number."""
    job = new_job(folder)
    for relative, number in files.items():
        target = job.images / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PHOTOS[number], target)
    job.run("ingestion")
    rows = job.rows("photographs", "path", "status", "reason")
    return {
        os.path.relpath(row["path"], job.images): (row["status"], row["reason"]) for row in rows
    }


KEPT = ("kept", None)
DUPLICATE = ("duplicate", "duplicate")
CONFLICT = ("rejected", "label_conflict")

COPIES = {
    # In train and in test: test only, so that no train row was seen by the examiner.
    "Training/A/0.jpg": (0, DUPLICATE),
    "Test/A/0.jpg": (0, KEPT),
    # The same although the path in test comes last of three, and in validation before train.
    "Training/A/1.jpg": (1, DUPLICATE),
    "Validation/A/1.jpg": (1, DUPLICATE),
    "Test/A/z.jpg": (1, KEPT),
    "Training/A/2.jpg": (2, DUPLICATE),
    "Validation/A/2.jpg": (2, KEPT),
    # Under two labels, in one split or two: none can be trusted.
    "Training/A/3.jpg": (3, CONFLICT),
    "Training/B/3.jpg": (3, CONFLICT),
    "Training/A/4.jpg": (4, CONFLICT),
    "Test/B/4.jpg": (4, CONFLICT),
    "Test/B/4 again.jpg": (4, CONFLICT),
    # In one folder: the first path.
    "Training/A/a.jpg": (5, KEPT),
    "Training/A/b.jpg": (5, DUPLICATE),
    "Training/A/c.jpg": (5, DUPLICATE),
    "Training/B/x.jpg": (6, KEPT),
    "Test/B/y.jpg": (7, KEPT),
}


@pytest.fixture(scope="module")
def copies(spark, tmp_path_factory) -> dict[str, tuple[str, str | None]]:
    files = {path: number for path, (number, _) in COPIES.items()}
    return ingest(tmp_path_factory.mktemp("copies"), files)


@pytest.mark.parametrize("path", COPIES)
def test_a_copy_follows_the_rules(copies, path):
    assert copies[path] == COPIES[path][1]


def test_every_copy_has_a_row(copies):
    assert copies.keys() == COPIES.keys()
