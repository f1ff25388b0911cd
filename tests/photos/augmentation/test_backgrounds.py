"""Backgrounds: those that ship, and a user's own folder with whatever is in it."""

import logging
import shutil

import pytest
from runs import SAMPLE

from fruits_kedro import FruitsError
from fruits_kedro.photos.augmentation.backgrounds import read_backgrounds, shipped_backgrounds


def test_there_are_backgrounds_to_train_on_and_others_to_test_on():
    train, held_out = shipped_backgrounds("train"), shipped_backgrounds("held_out")
    assert (len(train.photographs), len(held_out.photographs)) == (84, 36)
    assert not set(train.photographs) & set(held_out.photographs)
    assert train.id != held_out.id
    assert sum(map(len, train.photographs + held_out.photographs)) < 1_500_000


def test_no_photograph_gives_backgrounds_to_both(project):
    folder = project / "src" / "fruits_kedro" / "photos" / "augmentation" / "backgrounds"
    sources = [
        {file.name.rsplit("_", 1)[0] for file in (folder / part).glob("*.jpg")}
        for part in ("train", "held_out")
    ]
    assert sources[0]
    assert not sources[0] & sources[1]
    origins = (folder / "README.md").read_text()
    assert all(f"/{source}_*`" in origins for part in sources for source in part)


def test_a_user_s_photographs_are_read_and_broken_ones_named(tmp_path, caplog):
    shutil.copyfile(SAMPLE / "Training" / "Kiwi" / "0_100.jpg", tmp_path / "good.jpg")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("no photograph")
    content = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    paths = sorted(map(str, tmp_path.iterdir()))
    with caplog.at_level(logging.WARNING, "fruits_kedro"):
        backgrounds = read_backgrounds(paths, str(tmp_path))
    assert len(backgrounds.photographs) == 1
    assert backgrounds.opened[0].mode == "RGB"
    assert "3 of 4 backgrounds" in caplog.text
    assert f"{tmp_path}/empty.jpg" in caplog.text


def test_only_broken_photographs_are_one_sentence(tmp_path):
    (tmp_path / "text.jpg").write_text("no photograph")
    with pytest.raises(
        FruitsError, match=r"None of the 1 photographs .* can be read: name a folder"
    ):
        read_backgrounds([str(tmp_path / "text.jpg")], str(tmp_path))
