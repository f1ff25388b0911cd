"""Which files the benchmark takes, and what it says where there are too few."""

import re
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.photographs import MINIMUM, list_photographs, require_enough
from fruits_kedro import FruitsError

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not looked at")


def test_jpeg_files_are_listed_in_the_order_of_their_paths(tmp_path):
    write(tmp_path, "b/2.jpg", "b/1.JPEG", "a/3.jpeg", "a/4.JPG")
    found = [str(path.relative_to(tmp_path)) for path in list_photographs(tmp_path)]
    assert found == ["a/3.jpeg", "a/4.JPG", "b/1.JPEG", "b/2.jpg"]


def test_what_the_originals_way_would_not_see_is_left_out(tmp_path):
    write(tmp_path, "a/1.jpg", "a/_2.jpg", "a/.3.jpg", "_b/4.jpg", ".c/5.jpg", "a/6.png", "a/7")
    assert [path.name for path in list_photographs(tmp_path)] == ["1.jpg"]


def test_enough_photographs_pass(tmp_path):
    require_enough(5000, 5000, tmp_path)


def test_too_few_photographs_are_told_with_both_counts(tmp_path):
    with pytest.raises(FruitsError) as told:
        require_enough(4999, 5000, tmp_path)
    assert told.value.message.startswith("too few images for a benchmark")
    assert "4999" in told.value.message
    assert "5000" in told.value.message


def test_the_command_stops_with_one_sentence(sample, tmp_path, capsys):
    code = main(["--images", str(sample), "--work", str(tmp_path / "work")])
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    [sentence] = printed.err.splitlines()
    assert sentence.startswith("too few images for a benchmark")
    assert str(MINIMUM) in sentence
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("images", ["", "/no/such/folder"])
def test_the_command_wants_a_folder(images, capsys):
    assert main(["--images", images]) == 1
    assert "make bench IMAGES=FOLDER" in capsys.readouterr().err


def test_an_unknown_part_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        main(["--parts", "rounds,speed"])
    assert "speed" in capsys.readouterr().err


def test_the_package_does_without_the_benchmark():
    importing = re.compile(r"^\s*(import|from) bench\b", re.M)
    sources = list((ROOT / "src").rglob("*.py"))
    assert sources
    assert [path for path in sources if importing.search(path.read_text())] == []
