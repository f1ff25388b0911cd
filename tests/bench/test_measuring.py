"""Processes are timed and watched, results survive a kill, a benchmark continues."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from faults.processes import wait_until
from PIL import Image

from bench.__main__ import main
from bench.large import HEIGHT, WIDTH, enlarge
from bench.memory import MemorySampler
from bench.parts import shipped_network
from bench.plain import measure as run_plainly
from bench.processes import run_process
from bench.scripts import list_photographs
from bench.workbench import Records, Workbench
from fruits_kedro import FruitsError

pytestmark = pytest.mark.tools
HOLD = "import time; held = bytearray(b'x') * 150_000_000; time.sleep(1.5); del held; time.sleep(1)"
LEAVE = (
    "import subprocess, sys; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']).pid)"
)


def run(code: str, log: Path) -> dict:
    return run_process([sys.executable, "-c", code], log)


def test_a_process_is_timed_and_what_it_leaves_running_is_ended(tmp_path):
    log = tmp_path / "logs" / "part.log"
    assert run(LEAVE, log)["seconds"] > 0
    left = int(log.read_text())
    zombie = psutil.STATUS_ZOMBIE
    assert wait_until(
        lambda: not psutil.pid_exists(left) or psutil.Process(left).status() == zombie, 10
    )


def test_a_failure_has_the_last_line_and_the_log(tmp_path):
    with pytest.raises(FruitsError) as raised:
        run("import sys; print('a reason\\n', file=sys.stderr); sys.exit(3)", tmp_path / "log")
    for word in ("a reason", "3", str(tmp_path / "log")):
        assert word in raised.value.message


def test_variables_of_the_project_do_not_reach_a_process(tmp_path, monkeypatch):
    monkeypatch.setenv("FRUITS_STORAGE", "/elsewhere")
    run("import os; print(*sorted(os.environ))", tmp_path / "log")
    names = (tmp_path / "log").read_text().split()
    assert [name for name in names if name.startswith("FRUITS_")] == ["FRUITS_TRACKING"]


def test_a_peak_is_seen_though_the_process_ends_smaller():
    process = subprocess.Popen([sys.executable, "-c", HOLD])
    with MemorySampler(process.pid) as sampler:
        process.wait()
    assert 150 < sampler.peaks["driver"] < 250


def test_results_survive_a_line_that_was_cut_off(tmp_path):
    records = Records(tmp_path / "work" / "results.jsonl")
    first = {"part": "a", "variant": "", "round": 1, "seconds": 1}
    records.add(first)
    with records.path.open("a") as file:
        file.write('{"part": "b", "roun')
    newer = {**first, "seconds": 2}
    records.add(newer)
    assert records.all() == [first, newer]
    assert records.find("a", "", 1) == newer
    assert records.find("b") is None


def test_a_benchmark_continues_and_does_not_stop_at_a_failure(tmp_path):
    bench = Workbench(tmp_path, tmp_path, Records(tmp_path / "results.jsonl"))

    def fail(log: Path) -> dict:
        raise FruitsError("no memory")

    bench.measure("a", "x", 1, fail)
    assert len(bench.failed) == 1
    for run in (lambda log: {"seconds": 1.0}, fail):
        bench.measure("a", "x", 1, run)
    assert [record["seconds"] for record in bench.records.all()] == [1.0]
    assert len(bench.failed) == 1


def test_photographs_are_those_that_the_original_sees(tmp_path):
    for name in ("b/2.jpg", "a/3.JPEG", "a/_4.jpg", "_c/5.jpg", "a/.6.jpg", "a/7.png", "a/8"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list_photographs(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/3.JPEG", "b/2.jpg"]


@pytest.mark.parametrize("images", ["", "/no/such/folder", "bench"])
def test_the_command_wants_photographs(images, capsys):
    assert main(["--images", images]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert "IMAGES=FOLDER" in sentence


def test_a_large_photograph_is_heavy_like_a_cameras_and_shows_the_same(sample):
    small = (sample / "Test" / "Apple" / "r_8_100.jpg").read_bytes()
    large = enlarge(small, seed=1)
    assert 2_000_000 < len(large) < 6_000_000
    with Image.open(io.BytesIO(large)) as image, Image.open(io.BytesIO(small)) as original:
        assert image.size == (WIDTH, HEIGHT)
        seen = np.asarray(image.resize((50, 50)), np.float32)
        expected = np.asarray(original.convert("RGB").resize((50, 50)), np.float32)
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.99


def test_the_plain_script_does_the_whole_job(sample, tmp_path):
    images = tmp_path / "photographs"
    for split in ("Training", "Test"):
        for label in ("Apple", "Banana"):
            shutil.copytree(sample / split / label, images / split / label)
    measured = run_plainly(images, shipped_network(), tmp_path / "out")
    assert measured["images"] == len(list_photographs(images))
    assert measured["accuracy"] > 0.8
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "features.parquet",
        "components.parquet",
    }
