"""Copies of train photographs alone, computed once, on a user's own backgrounds too."""

import io
import shutil
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image
from runs import LABELS, SAMPLE, Job

from fruits_kedro.datasets import BackgroundsDataset
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds
from fruits_kedro.pipelines.featurization import nodes
from fruits_kedro.storage.schemas import VARIANTS

KEY = ["sha256", "fingerprint", "variant"]
FEW, MANY = ([f"{name}{n}" for n in range(count)] for name, count in (("few", 2), ("many", 9)))
TRAIN = pa.table({"sha256": [*FEW, *MANY], "label": ["few"] * 2 + ["many"] * 9})


@pytest.fixture
def choose(backbone, parameters):
    """The copies, as (sha256, variant), of at most five per label."""

    def chosen(train: pa.Table = TRAIN, **changed: Any) -> set[tuple[str, int]]:
        photographs = SimpleNamespace(read=lambda columns, _: train.select(columns))
        given = parameters.augmentation.model_copy(update={"copies": 2, "per_label": 5} | changed)
        rows = nodes.choose_variants(photographs, backbone, Backgrounds(()), given)
        assert rows.schema == VARIANTS
        found = list(zip(*rows.select(["sha256", "variant"]).to_pydict().values(), strict=True))
        assert found == sorted(set(found))
        return set(found)

    return chosen


def test_a_label_gets_its_copies_and_first_ones_before_second_ones(choose):
    found = choose()
    assert {name for name in found if name[0] in FEW} == {(sha, n) for sha in FEW for n in (1, 2)}
    assert [variant for sha, variant in found if sha in MANY] == [1] * 5
    assert choose(copies=1, per_label=1000) < choose(copies=2, per_label=1000)


def test_the_seed_decides_on_copies_and_the_order_of_rows_does_not(choose):
    assert choose(TRAIN.take(list(range(len(TRAIN)))[::-1])) == choose()
    assert choose(seed=2) != choose()
    assert choose(copies=0) == choose(TRAIN.slice(0, 0)) == set()


@pytest.fixture
def select(whole_run, parameters):
    """What is missing for other parameters of augmentation, as (sha256, variant)."""
    names = ("photographs", "backbone", "backgrounds", "features")
    photographs, backbone, usual, known = map(whole_run.load, names)

    def missing(backgrounds: Any = usual, **changed: Any) -> set[tuple[str, int]]:
        augmentation = parameters.augmentation.model_copy(update=changed)
        rows = nodes.choose_variants(photographs, backbone, backgrounds, augmentation)
        variants = SimpleNamespace(read=lambda: rows)
        wanted = nodes.select_missing_features(photographs, variants, known, backbone)
        return {(row["sha256"], n) for row in wanted.to_pylist() for n in row["variants"]}

    return missing


def features(job: Job) -> dict[tuple[Any, ...], str]:
    rows = job.load("features").read().to_pylist()
    return {tuple(row[name] for name in KEY): str(row["features"]) for row in rows}


def in_split(job: Job, split: str) -> set[str]:
    return {row["sha256"] for row in job.rows("reduced_features") if row["split"] == split}


def test_train_rows_have_a_copy_that_differs_and_no_others_have_one(whole_run):
    train, test = in_split(whole_run, "train"), in_split(whole_run, "test")
    rows = features(whole_run)
    copies = {sha: values for (sha, _, variant), values in rows.items() if variant == 1}
    originals = {sha: values for (sha, _, variant), values in rows.items() if variant == 0}
    # The truncated photograph has neither.
    assert {sha for sha, values in copies.items() if values != "None"} == train
    assert not copies.keys() & test
    assert not [sha for sha in train if copies[sha] == originals[sha]]
    reduced = whole_run.rows("reduced_features", "path", "sha256", "variant")
    assert {row["sha256"] for row in reduced if row["variant"] == 1} == train


def test_only_what_is_new_is_computed(whole_run, select, tmp_path):
    known = set(whole_run.load("variants").read()["sha256"].to_pylist())
    assert select() == set()
    assert select(copies=2) == {(sha256, 2) for sha256 in known}
    assert select(light=0.5) == {(sha256, 1) for sha256 in known}
    assert select(copies=0) == set()
    folder = tmp_path / "kitchen"
    folder.mkdir()
    shutil.copyfile(SAMPLE / "Test" / "Kiwi" / "10_100.jpg", folder / "a.jpg")
    kitchen = BackgroundsDataset(folder=str(folder)).load()
    assert select(kitchen) == {(sha256, 1) for sha256 in known}


def test_the_contact_sheet_shows_each_label_with_its_copies_if_there_are_any(whole_run, parameters):
    none = parameters.augmentation.model_copy(update={"copies": 0})
    tables = map(whole_run.load, ("photographs", "images", "backgrounds"))
    alone = nodes.draw_augmentation_examples(*tables, none, parameters.featurization)
    for content, columns in ((whole_run.load("augmentation_examples"), 7), (alone, 0)):
        with Image.open(io.BytesIO(content)) as sheet:
            assert sheet.format == "JPEG"
            assert sheet.width * len(LABELS) > columns * sheet.height
            assert (sheet.width < sheet.height) == (not columns)


def test_lost_features_come_back_to_the_bit_in_slices(whole_run, tmp_path):
    job = whole_run.fork(tmp_path)
    shutil.rmtree(job.storage / "04_feature")
    job.run("featurization", featurization={"slice_images": 20})
    assert features(job) == features(whole_run)
    assert len({name.split("-")[0] for name in job.files("04_feature/features")}) == 3
