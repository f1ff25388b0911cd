"""Every file is accounted for, and a folder that is mostly bad stops the run."""

import shutil
from pathlib import Path

import pytest
from faults.storages import FEATURES, of_photographs, report

from fruits_kedro import FruitsError

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("here")]


@pytest.fixture
def mixed(tmp_path, images) -> Path:
    """The photographs with bad files, copies, a conflict and other files among them."""
    folder = shutil.copytree(images, tmp_path / "images")
    apple, corn = folder / "Training" / "Apple", folder / "Training" / "Corn"
    photo = sorted(apple.iterdir())[0].read_bytes()
    other = sorted(corn.iterdir())[0].read_bytes()
    (apple / "empty.jpg").touch()
    (apple / "text.jpg").write_text("no photograph")
    (apple / "half.jpg").write_bytes(photo[: len(photo) // 2])
    (apple / "copy.jpg").write_bytes(photo)
    (apple / "conflict.jpg").write_bytes(other)
    (apple / "notes.txt").write_text("notes")
    (folder / "Training" / "no_label.jpg").write_bytes(photo)
    return folder


def test_the_sums_of_the_reports(here, fresh, mixed, total):
    here.run(fresh, "ingestion", "featurization", images=mixed)
    ingestion, featurization = report(fresh, "ingestion"), report(fresh, "featurization")
    assert ingestion["listed"] == total + 7 == len([p for p in mixed.rglob("*") if p.is_file()])
    parts = ("kept", "duplicates", "rejected", "ignored")
    assert ingestion["listed"] == sum(ingestion[name] for name in parts)
    # The half one is kept at first, the one in conflict is not.
    assert [ingestion[name] for name in parts] == [total, 1, 5, 1]
    reasons = {"empty_file": 1, "label_conflict": 2, "no_label": 1, "not_an_image": 1}
    assert ingestion["rejected_by_reason"] == reasons
    assert sum(ingestion["kept_by_label"].values()) == ingestion["kept"]
    assert sum(ingestion["kept_by_split"].values()) == ingestion["kept"]
    assert featurization["kept"] == featurization["features"] + featurization["undecodable"]
    assert featurization["undecodable_by_reason"] == {"undecodable": 1}
    assert len(of_photographs(fresh)) == featurization["kept"]


def test_too_many_bad_files_stop_the_run_before_featurization(here, fresh, tmp_path, images, total):
    folder = shutil.copytree(images, tmp_path / "images")
    for number in range(total + 1):
        content = b"" if number % 2 else f"no photograph {number}".encode()
        (folder / "Training" / "Apple" / f"bad_{number}.jpg").write_bytes(content)
    with pytest.raises(FruitsError) as error:
        here.run(fresh, images=folder)
    for part in (total + 1, 2 * total + 1, folder, "empty_file", "max_bad_share"):
        assert str(part) in error.value.message
    assert not (fresh / FEATURES).exists()
    here.run(fresh, "ingestion", images=folder, ingestion__max_bad_share=0.6)
    assert report(fresh, "ingestion")["rejected"] == total + 1
