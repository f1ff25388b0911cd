"""Copies in a run: of train rows alone, computed once, on a user's own backgrounds too."""

import io
import shutil
from collections.abc import Callable

import pytest
from PIL import Image
from runs import LABELS, SAMPLE, Job, copy_photos, new_job, whole_run

from fruits_kedro import FruitsError

NAMES = [f"{axis}{number}_100.jpg" for axis in ("", "r_") for number in range(2)]


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Job:
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def job(spark, backbone, tmp_path_factory) -> Job:
    """Two labels of four train and two test photographs, featurized; tests add to it in turn."""
    job = new_job(tmp_path_factory.mktemp("augmented"), backbone)
    copy_photos([f"Training/{label}/{name}" for label in LABELS[:2] for name in NAMES], job.images)
    copy_photos([f"Test/{label}/r_10_100.jpg" for label in LABELS[:2]], job.images)
    job.run("ingestion", "featurization", split={"seed": 1})
    return job


def copies(job: Job) -> dict[tuple[str, int, str], bytes]:
    rows = job.rows("augmented_features", "sha256", "variant", "fingerprint", "features")
    assert all(len(row.features) == 1280 for row in rows)
    return {(row.sha256, row.variant, row.fingerprint): str(row.features).encode() for row in rows}


def test_train_rows_have_copies_and_no_others(whole):
    train = {row.sha256 for row in whole.rows("splits") if row.split == "train"}
    test = {row.sha256 for row in whole.rows("splits") if row.split == "test"}
    copied = {row.sha256 for row in whole.rows("augmented_features", "sha256")}
    assert copied == train
    assert not copied & test
    reduced = whole.load("reduced_variants").collect()
    assert {(row.sha256, row.variant) for row in reduced} == {(sha256, 1) for sha256 in train}


def test_a_copy_is_not_the_photograph(whole):
    originals = {row.sha256: row.features for row in whole.rows("features", "sha256", "features")}
    for row in whole.rows("augmented_features", "sha256", "features"):
        assert row.features != originals[row.sha256]


def test_the_contact_sheet_shows_each_label_with_copies(whole):
    with Image.open(io.BytesIO(whole.load("augmentation_examples"))) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width > 7 * sheet.height / len(LABELS) > 0


def test_another_backbone_or_nothing_new_computes_nothing_again(job):
    parts = job.parts("04_feature/augmented_features")
    # The same folders' split, decided anew.
    job.run("ingestion", "featurization", split={"seed": 2})
    assert job.parts("04_feature/augmented_features") == parts


def test_more_copies_are_added_to_those_that_are_there(job):
    before = copies(job)
    job.run("featurization", augmentation={"copies": 2})
    after = copies(job)
    assert len(after) == 2 * len(before)
    assert {name: after[name] for name in before} == before


def test_lost_copies_come_back_to_the_bit(job):
    before = copies(job)
    shutil.rmtree(job.storage / "04_feature" / "augmented_features")
    job.run("featurization", augmentation={"copies": 2}, featurization={"slice_images": 3})
    assert copies(job) == before
    assert len(job.parts("04_feature/augmented_features")) > 1


def test_copies_count_the_same_in_the_driver_s_memory_and_on_the_workers(job):
    job.run("reduction", augmentation={"copies": 2})
    here, reduced = job.load("reducer"), job.load("reduced_variants").toPandas()
    job.run("reduction", augmentation={"copies": 2}, reduction={"driver_megabytes": 0})
    assert job.load("reducer").id == here.id
    assert here.rows == 3 * 2 * len(NAMES)
    again = job.load("reduced_variants").toPandas()
    key = ["sha256", "variant"]
    assert again.sort_values(key).astype(str).values.tolist() == (
        reduced.sort_values(key).astype(str).values.tolist()
    )


def test_own_backgrounds_make_other_copies(job, tmp_path):
    before = copies(job)
    for name in ("a", "b"):
        shutil.copyfile(SAMPLE / "Test" / "Kiwi" / "10_100.jpg", tmp_path / f"{name}.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"broken")
    job.run("featurization", backgrounds=str(tmp_path))
    assert "1 of 3 backgrounds cannot be read" in " ".join(job.warnings)
    added = {name for name in copies(job) if name not in before}
    assert {variant for _, variant, _ in added} == {1}
    assert len({fingerprint for _, _, fingerprint in added}) == 1


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda folder: None, "There are no photographs in the folder of backgrounds"),
        (lambda folder: (folder / "x.jpg").write_text("text"), "None of the 1 photographs"),
        (lambda folder: folder.rmdir(), "does not exist"),
    ],
)
def test_a_folder_without_backgrounds_is_one_sentence(
    job, tmp_path, fill: Callable[..., object], message
):
    folder = tmp_path / "backgrounds"
    folder.mkdir()
    fill(folder)
    with pytest.raises(FruitsError, match=message):
        job.run("featurization", backgrounds=str(folder))


def test_without_copies_everything_runs_on_photographs_alone(job):
    job.run("featurization", "reduction", "classification", augmentation={"copies": 0})
    assert job.load("variants").count() == 0
    assert job.load("reducer").rows == 2 * len(NAMES)
    assert job.load("reduced_variants").count() == 0
    with Image.open(io.BytesIO(job.load("augmentation_examples"))) as sheet:
        assert sheet.width < sheet.height
